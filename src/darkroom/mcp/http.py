"""The tools over HTTP: one request, one answer, no session to keep."""

from dataclasses import dataclass

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp, Receive, Scope, Send

from darkroom.mcp.serving import Shop, mcp_server
from darkroom_client import AsyncClient
from darkroom_client.in_process import InProcess

BODY_BYTES_MAX = 4 << 20
_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``address`` is the origin by which the server was reached, ``host`` its header;
    a browser's page may ask only from one of ``origins``."""

    key: str
    address: str
    host: str
    origins: tuple[str, ...]


def application(app: ASGIApp, caller: Caller, version: str) -> ASGIApp:
    """Answers one MCP request of a caller, by asking ``app`` in the caller's name."""

    def connect() -> AsyncClient:
        return AsyncClient(caller.address, caller.key, transport=InProcess(app), timeout=_TIMEOUT_S)

    # Every request carries its key, so a page that rebinds its name gains nothing; the check of
    # Host is left to whoever compares it with what is known, and that of Origin is strict.
    security = TransportSecuritySettings(
        allowed_hosts=[caller.host], allowed_origins=list(caller.origins)
    )

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        # One for each request: nothing outlives it, and there is nothing to start or to stop.
        manager = StreamableHTTPSessionManager(
            mcp_server(Shop(connect, version)),
            stateless=True,
            security_settings=security,
            max_request_body_size=BODY_BYTES_MAX,
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    return answer
