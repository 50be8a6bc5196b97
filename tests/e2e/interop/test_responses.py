"""Clients of the Responses API's image tool, unmodified: only the address is the gateway's."""

from pathlib import Path

from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import client
from tests.support.packages import Node, run_python
from tests.support.running import Running


def jobs(gateway: Running) -> set[tuple[str, str]]:
    """The dialect and the state of each job."""
    with client(gateway) as http:
        return {(job["dialect"], job["state"]) for job in http.get("/v1/jobs").json()["data"]}


def test_openais_javascript_sdk(
    node: Node, gateway: Running, openai_vendor: OpenAIVendor, tmp_path: Path
) -> None:
    base = {"BASE_URL": f"{gateway.url}/v1", "API_KEY": gateway.key}
    said = node.run("openai_responses.mjs", tmp_path, **base)
    assert said == {
        "made": [1024, "generate"],
        "edited": [1024, "edit"],
        "text": True,
        "events": ["created", True, "completed"],
        "streamed": 1024,
        "kept": True,
        "refused": ["completed", "failed", "moderation_blocked"],
    }
    assert jobs(gateway) == {("responses", "succeeded"), ("responses", "failed")}
    assert [len(each.files) for each in openai_vendor.received] == [0, 1, 0, 0]


def test_langchains_image_tool(
    node: Node, gateway: Running, openai_vendor: OpenAIVendor, tmp_path: Path
) -> None:
    base = {"BASE_URL": f"{gateway.url}/v1", "API_KEY": gateway.key}
    said = node.run("langchain_responses.mjs", tmp_path, **base)
    assert said == {
        "made": [1536, "generate"],
        "edited": [1536, "edit"],
        "previous": "edit",
        "text": True,
    }
    assert jobs(gateway) == {("responses", "succeeded")}


def test_openai_image_mcp(
    python_with_image_mcp: Path,
    gateway: Running,
    openai_vendor: OpenAIVendor,
    tmp_path: Path,
    photo: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    base = {"BASE_URL": f"{gateway.url}/v1", "API_KEY": gateway.key, "HOME": str(home)}
    script = "openai_image_mcp_client.py"
    said = run_python(python_with_image_mcp, script, PICTURE=str(photo), **base)
    assert said == {
        "made": [True, True],
        "calls": ["ig_", "ig_"],
        "edited": True,
        "refused": False,
    }
    assert jobs(gateway) == {("responses", "succeeded"), ("responses", "failed")}
    assert [len(each.files) for each in openai_vendor.received] == [0, 1, 1, 0]
