"""A server whose upstream is the fake vendor, and MCP clients of it."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, ListToolsResult

from darkroom.mcp.folders import Folders
from darkroom.mcp.serving import Shop, mcp_server
from darkroom_client import AsyncClient
from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.running import Running, deployment

OverHttp = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture(scope="session")
def shared_vendor() -> Iterator[OpenAIVendor]:
    with OpenAIVendor() as vendor:
        yield vendor


@pytest.fixture(scope="session")
def shared_gateway(
    tmp_path_factory: pytest.TempPathFactory, shared_vendor: OpenAIVendor
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("mcp")
    with Running(folder / "data", deployments=[deployment(shared_vendor)]) as server:
        yield server


@pytest.fixture
def openai_vendor(shared_vendor: OpenAIVendor) -> OpenAIVendor:
    """The upstream behind :func:`gateway`, without a past."""
    shared_vendor.reset()
    return shared_vendor


@pytest.fixture
def gateway(shared_gateway: Running, openai_vendor: OpenAIVendor) -> Running:
    """One server for all tests here."""
    return shared_gateway


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "mine").mkdir()
    return Folders([tmp_path / "mine"], tmp_path / "made")


class Local:
    """The tools as over stdio, without a process between; a connection for each call."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def call_tool(self, name: str, asked: dict[str, Any], **more: Any) -> CallToolResult:
        async with Client(mcp_server(self._shop)) as client:
            return await client.call_tool(name, asked, **more)

    async def list_tools(self) -> ListToolsResult:
        async with Client(mcp_server(self._shop)) as client:
            return await client.list_tools()


@pytest.fixture
def local(gateway: Running, folders: Folders) -> Local:
    return Local(Shop(lambda: AsyncClient(gateway.url, gateway.key), "1.0", folders))


@asynccontextmanager
async def _over_http(
    server: Running, key: str = "", mode: str = "auto"
) -> AsyncGenerator[Client, None]:
    headers = {"authorization": f"Bearer {key or server.key}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as http:
        transport = streamable_http_client(f"{server.url}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


@pytest.fixture
def over_http() -> OverHttp:
    """Opens a client of ``/mcp``: takes the server, and perhaps a key and the negotiation."""
    return _over_http
