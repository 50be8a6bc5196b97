"""``darkroom mcp`` as hosts start it: a process that speaks over its input and output."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from mcp import Client, StdioServerParameters

from tests.support.running import Running


def host(folder: Path, *words: str, **environment: str) -> StdioServerParameters:
    kept: Mapping[str, str] = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DARKROOM_", "OPENAI_"))
    }
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "darkroom", "mcp", *words],
        env={**kept, "DARKROOM_DATA_DIR": str(folder / "data"), **environment},
        cwd=folder,
    )


async def test_it_works_against_a_server(gateway: Running, tmp_path: Path) -> None:
    named = {"DARKROOM_BASE_URL": gateway.url, "DARKROOM_API_KEY": gateway.key}
    async with Client(host(tmp_path, "-o", str(tmp_path / "out"), **named)) as client:
        result = await client.call_tool("generate_image", {"prompt": "a", "file_name": "그림"})
    assert not result.is_error, result.content
    saved = tmp_path / "out" / "그림.png"
    assert Path(result.structured_content["images"][0]["path"]) == saved
    assert saved.stat().st_size == result.structured_content["images"][0]["byte_size"]


async def test_without_a_server_it_is_one_that_others_find(tmp_path: Path) -> None:
    async with Client(host(tmp_path)) as client:
        result = await client.call_tool("generate_image", {"prompt": "a", "quality": "low"})
        assert not result.is_error, result.content
        assert result.structured_content["sandbox"]
        beacon = json.loads((tmp_path / "data" / "server.json").read_text())
        async with Client(host(tmp_path)) as second:
            job = {"job_id": result.structured_content["job_id"]}
            again = await second.call_tool("get_job", job)
        assert again.structured_content["images"][0]["url"].startswith(beacon["url"])
    assert not (tmp_path / "data" / "server.json").exists()
