"""``/mcp`` on a running server: the same keys, the same accounts, the same bounds as the API."""

import json
import subprocess
import sys

import httpx2
import pytest
from mcp.types import TextContent

from tests.mcp.conftest import OverHttp
from tests.support.running import Running

CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = {"accept": "application/json, text/event-stream"}


def post(server: Running, **headers: str) -> httpx2.Response:
    return httpx2.post(
        f"{server.url}/mcp", json=CALL, headers={**ACCEPT, **headers}, trust_env=False
    )


def bearer(key: str) -> str:
    return f"Bearer {key}"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_image_is_made_with_progress(
    gateway: Running, over_http: OverHttp, mode: str
) -> None:
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        assert (total, bool(message)) == (100, True)
        seen.append(progress)

    async with over_http(gateway, mode=mode) as client:
        made = await client.call_tool("generate_image", {"prompt": "a"}, progress_callback=note)
        assert not made.is_error, made.content
        image = made.structured_content["images"][0]
        assert image["url"].startswith(gateway.url)
        assert "path" not in image
        edited = await client.call_tool(
            "edit_image", {"prompt": "b", "images": [f"{made.structured_content['job_id']}:0"]}
        )
        assert not edited.is_error, edited.content
    assert seen[-1] == 100
    fetched = httpx2.get(image["url"], trust_env=False)
    assert len(fetched.content) == image["byte_size"]


async def test_jobs_of_others_and_files_of_the_server_are_out_of_reach(
    gateway: Running, over_http: OverHttp
) -> None:
    with httpx2.Client(base_url=gateway.url, trust_env=False) as http:
        made = http.post(
            "/v1/keys",
            json={"name": "other"},
            headers={"authorization": bearer(gateway.key)},
        ).json()
    async with over_http(gateway) as mine:
        first = await mine.call_tool("generate_image", {"prompt": "a"})
    job = first.structured_content["job_id"]
    async with over_http(gateway, made["key"]) as theirs:
        for name, asked in (
            ("get_job", {"job_id": job}),
            ("view_image", {"job_id": job}),
            ("cancel_job", {"job_id": job}),
            ("edit_image", {"prompt": "b", "images": [f"{job}:0"]}),
            ("edit_image", {"prompt": "b", "images": ["/etc/hostname"]}),
        ):
            result = await theirs.call_tool(name, asked)
            assert result.is_error
            block = result.content[0]
            assert isinstance(block, TextContent)
            assert ("No job" in block.text) or ("cannot read files" in block.text)


def test_without_a_key_nobody_enters(gateway: Running) -> None:
    for headers in ({}, {"authorization": bearer("dk_wrong")}):
        answer = post(gateway, **headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_any_name_of_the_server_works_but_no_foreign_page(gateway: Running) -> None:
    key = {"authorization": bearer(gateway.key)}
    assert post(gateway, host="images.example:8443", **key).status_code == 200
    assert post(gateway, origin=gateway.url, **key).status_code == 200
    assert post(gateway, origin="https://evil.example", **key).status_code == 403


def test_a_large_body_and_a_stream_without_use_are_refused(gateway: Running) -> None:
    headers = {**ACCEPT, "authorization": bearer(gateway.key)}
    url = f"{gateway.url}/mcp"
    large = httpx2.post(url, content=b" " * ((4 << 20) + 1), headers=headers, trust_env=False)
    assert large.status_code == 413
    assert httpx2.get(url, headers=headers, trust_env=False).status_code == 405


def test_a_server_that_no_agent_asks_does_without_the_protocol_s_code() -> None:
    program = "import json, sys, darkroom.server.app; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert "darkroom.server.mcp" in loaded
    assert not loaded & {"mcp", "darkroom_client", "httpx2", "jsonschema"}
