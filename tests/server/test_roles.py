"""A process with the role ``accept`` takes requests; others run the jobs and tell of them."""

from pathlib import Path

import httpx2
import pytest

from darkroom.settings import ConfigError
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client
from tests.support.hooks import Hooks
from tests.support.process import until
from tests.support.running import Running, deployment


def told(http: httpx2.Client, metric: str) -> bool:
    """Whether this process has counted any of that metric."""
    return f"\n{metric}{{" in http.get("/metrics").text


def test_what_one_accepts_another_makes_and_tells(
    tmp_path: Path, openai_vendor: OpenAIVendor, postgres_url: str
) -> None:
    def server(name: str, role: str) -> Running:
        return Running(
            tmp_path / name,
            role=role,
            deployments=[deployment(openai_vendor)],
            database_url=postgres_url,
            storage_url=f"file://{tmp_path / 'images'}",
            webhook_allow_local=True,
        )

    with (
        server("door", "accept") as door,
        server("shop", "all") as shop,
        client(door) as http,
        client(shop) as other,
        Hooks() as hooks,
    ):
        asked = asking(response_format="url", webhook_url=f"{hooks.url}/told")
        answer = http.post(GENERATE, json=asked)
        assert answer.status_code == 200, answer.text
        assert http.get(answer.json()["data"][0]["url"]).status_code == 200
        assert hooks.next().path == "/told"
        until(lambda: told(other, "darkroom_webhook_posts_total"), "the delivery to be counted")
        assert told(other, "darkroom_attempts_total")
        for metric in ("darkroom_webhook_posts_total", "darkroom_attempts_total"):
            assert not told(http, metric)
        assert http.get("/readyz").status_code == 200


def test_a_single_process_does_its_own_work(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="role 'accept' needs processes that work"):
        Running(tmp_path, role="accept").start()
