"""``/llms.txt`` and ``/llms-full.txt`` for models that read what a server is."""

import httpx2

from tests.support.running import Running


def test_the_texts_name_the_server_by_the_address_it_was_reached_by(gateway: Running) -> None:
    for name, heading in (("llms.txt", "## Here"), ("llms-full.txt", "# Errors")):
        answer = httpx2.get(f"{gateway.url}/{name}", trust_env=False)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text.startswith("# Darkroom\n\n> ")
        assert f"{gateway.url}/mcp" in answer.text
        assert heading in answer.text
        assert "127.0.0.1:8000" not in answer.text
