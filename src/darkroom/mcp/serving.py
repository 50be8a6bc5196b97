"""The MCP server over the tools, whatever it is reached by."""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import structlog
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
)
from mcp.types import Tool as ListedTool
from pydantic import ValidationError

from darkroom.mcp.answers import failed
from darkroom.mcp.arguments import schema
from darkroom.mcp.folders import Folders
from darkroom.mcp.sources import SAYS_LOCAL, SAYS_REMOTE
from darkroom.mcp.tools import TOOLS, Tool, Work
from darkroom.mcp.trouble import Trouble, of_api, of_arguments
from darkroom_client import APIError, AsyncClient, Model

log = structlog.get_logger(__name__)

_BY_NAME = {tool.name: tool for tool in TOOLS}
_INSTRUCTIONS = (
    "Makes and edits images through Darkroom. Images cost money: use estimate_cost before several"
    " or large ones. What is made stays at the server under its job_id: name it as JOB_ID:INDEX"
    " to edit it, and use get_job or view_image to see it again, instead of making it again."
)


@dataclass(frozen=True, slots=True)
class Shop:
    """What the server works through. ``connect`` raises :class:`Trouble` when it cannot.

    Without ``folders``, files of this machine are neither read nor written.
    """

    connect: Callable[[], AbstractAsyncContextManager[AsyncClient]]
    version: str
    folders: Folders | None = None


def mcp_server(shop: Shop) -> Server[Any]:
    """A server that any transport of the protocol's SDK can run."""
    logging.getLogger("mcp").setLevel(logging.WARNING)  # it notes each connection

    async def list_tools(
        _: ServerRequestContext[Any], __: PaginatedRequestParams | None
    ) -> ListToolsResult:
        models = await _served(shop)
        return ListToolsResult(tools=[_listed(tool, models, shop) for tool in TOOLS])

    async def call_tool(
        context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        try:
            return await _called(shop, context, params)
        except Trouble as trouble:
            return failed(trouble)
        except APIError as error:
            return failed(of_api(error))
        except Exception:
            log.exception("tool_failed", tool=params.name)
            return failed(
                Trouble("Something went wrong in the tool itself. Retry once, then tell the user.")
            )

    return Server(
        "darkroom",
        title="Darkroom",
        version=shop.version,
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def _called(
    shop: Shop, context: ServerRequestContext[Any], params: CallToolRequestParams
) -> CallToolResult:
    tool = _BY_NAME.get(params.name)
    if tool is None:
        raise Trouble(f"No tool '{params.name[:64]}'. There are: {', '.join(_BY_NAME)}.")
    try:
        asked = tool.arguments.model_validate(params.arguments or {})
    except ValidationError as error:
        raise of_arguments(error) from error

    async def report(done: float, total: float, word: str) -> None:
        await context.session.report_progress(done, total, word)

    async with shop.connect() as client:
        return await tool.run(Work(client, shop.folders, report), asked)


async def _served(shop: Shop) -> tuple[Model, ...]:
    """The models; none when the server is away: the tools are listed, and calling one tells why."""
    try:
        async with shop.connect() as client:
            return await client.models()
    except (Trouble, APIError):
        return ()


def _listed(tool: Tool, models: tuple[Model, ...], shop: Shop) -> ListedTool:
    images = SAYS_REMOTE if shop.folders is None else SAYS_LOCAL
    return ListedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=schema(tool.arguments, models, images),
        annotations=tool.annotations,
    )
