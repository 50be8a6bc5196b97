"""Clients from the registries, unmodified: only the address is the gateway's."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import client
from tests.support.packages import Node, run_python
from tests.support.running import Running


def dialects(gateway: Running) -> set[str]:
    """In which dialects the gateway's jobs were accepted."""
    with client(gateway) as http:
        return {job["dialect"] for job in http.get("/v1/jobs").json()["data"]}


def test_the_ai_sdk(node: Node, gateway: Running, tmp_path: Path, photo: Path) -> None:
    base = {"BASE_URL": f"{gateway.url}/v1", "API_KEY": gateway.key, "PICTURE": str(photo)}
    said = node.run("ai_sdk.mjs", tmp_path, **base)
    assert said == {
        "generated": [1024, 1024],
        "edited": [1024],
        "tokens": True,
        "refused": ["AI_APICallError", 400, True],
    }
    assert dialects(gateway) == {"openai"}


def test_langchain(node: Node, gateway: Running, tmp_path: Path) -> None:
    base = {"BASE_URL": f"{gateway.url}/v1", "API_KEY": gateway.key}
    said = node.run("langchain.mjs", tmp_path, **base)
    assert said == {"linked": 1024, "several": ["image_url", "image_url"], "inline": 1024}
    assert dialects(gateway) == {"openai"}


def test_litellm(python_with_litellm: Path, gateway: Running, photo: Path) -> None:
    base = {"BASE_URL": f"{gateway.url}/v1", "API_KEY": gateway.key, "PICTURE": str(photo)}
    said = run_python(python_with_litellm, "litellm_client.py", **base)
    assert said == {
        "generated": [1024, 1024],
        "edited": [1024],
        "tokens": True,
        "refused": [400, True],
    }
    assert dialects(gateway) == {"openai"}


@pytest.mark.parametrize(("bound", "first"), [("evolink", "evolink"), ("auto", "openai")])
def test_evolinks_mcp_server(  # noqa: PLR0917
    node: Node,
    gateway: Running,
    openai_vendor: OpenAIVendor,
    tmp_path: Path,
    photo: Path,
    bound: str,
    first: str,
) -> None:
    """With a key of its dialect, and with any key: then its plain calls look like OpenAI's, and
    the answer serves it all the same."""
    with client(gateway) as http:
        wish: dict[str, Any] = {"name": "agent", "account": "default", "dialect": bound}
        key = http.post("/v1/keys", json=wish).json()["key"]
    base = {"GATEWAY": gateway.url, "API_KEY": key, "PICTURE": str(photo)}
    said = node.run("evolink_mcp.mjs", tmp_path, **base)
    whole = {"id": "task-unified-", "status": "completed"}
    assert said["generated"] == {**whole, "edges": [1024, 1024]}
    assert said["edited"] == {**whole, "edges": [1024]}
    assert said["refused"]["failed"] is True
    assert "1x1" in said["refused"]["text"]
    assert said["unknown"]["failed"] is True
    assert dialects(gateway) == {first, "evolink"}
    assert len(openai_vendor.received) == 2
