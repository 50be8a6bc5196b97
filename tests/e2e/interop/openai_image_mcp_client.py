"""The MCP server ``openai-image-mcp`` in front of a gateway; answers with one JSON line.

Runs in an environment of its own, where that package brings MCP's Python SDK along.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


def made(said: dict[str, Any]) -> bool | str:
    """Whether the picture is on disk, or what went wrong."""
    return said.get("error") or Path(said["image_path"]).is_file()


async def main() -> dict[str, Any]:
    server = StdioServerParameters(
        command=sys.executable,  # its own script names the folder that it was installed in
        args=["-c", "from openai_image_mcp.server import main; main()"],
        cwd=os.environ["HOME"],
        env={
            "HOME": os.environ["HOME"],
            "OPENAI_API_KEY": os.environ["API_KEY"],
            "OPENAI_BASE_URL": os.environ["BASE_URL"],
        },
    )
    async with stdio_client(server) as (reading, writing), ClientSession(reading, writing) as mcp:
        await mcp.initialize()

        async def use(tool: str, **arguments: Any) -> dict[str, Any]:
            result = await mcp.call_tool(tool, arguments)
            return json.loads(result.content[0].text)  # type: ignore[union-attr]

        session = await use("create_image_session", description="boats", model="gpt-4.1")
        turn: dict[str, Any] = {"session_id": session["session_id"], "quality": "low"}
        first = await use("generate_image_in_session", prompt="a boat", **turn)
        second = await use("generate_image_in_session", prompt="in red", **turn)
        photo = os.environ["PICTURE"]
        edited = await use("edit_image", image_path=photo, prompt="a hat", quality="low")
        refused = await use("generate_image", prompt="[[moderation_blocked times=1]]")
        return {
            "made": [made(first), made(second)],
            "calls": [each["image_generation_id"][:3] for each in (first, second)],
            "edited": made(edited),
            "refused": made(refused),
        }


sys.stdout.write(json.dumps(asyncio.run(main())))
