"""What every route shares: who asks, on which origin, and how errors leave."""

import re
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response

from darkroom.core.dialect import Dialect
from darkroom.core.errors import (
    DarkroomError,
    Internal,
    InvalidRequest,
    NotFound,
    SlowBody,
    Unauthorized,
)
from darkroom.server.answers import AnswerResponse
from darkroom.server.body import Patience
from darkroom.server.keys import Keys, Principal
from darkroom.wiring import Services

log = structlog.get_logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]
_HOST = re.compile(r"([\w.\-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:\d{1,5})?", re.ASCII)
_ID = re.compile(r"[\w.\-]{1,64}", re.ASCII)


class Door:
    """The services with the two things that need a request: the caller and the origin."""

    def __init__(self, services: Services, keys: Keys) -> None:
        self.services = services
        self.keys = keys
        settings = services.settings
        self.patience = Patience(settings.body_piece_timeout_s, settings.body_timeout_s)

    async def principal(self, request: Request) -> Principal:
        """Raises :class:`Unauthorized`; two different keys in one request are refused."""
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        found = {bearer.strip()} if scheme.lower() == "bearer" and bearer.strip() else set[str]()
        found |= {value for name in _KEY_HEADERS if (value := request.headers.get(name))}
        if len(found) > 1:
            raise Unauthorized("The request carries several API keys. Send one.")
        if not found:
            raise Unauthorized(
                "You didn't provide an API key. Send it as 'Authorization: Bearer <key>'."
            )
        return await self.keys.principal(found.pop())

    def origin(self, request: Request) -> str:
        """The origin that the client used, for links. Raises :class:`InvalidRequest`."""
        if self.services.settings.public_url:
            return self.services.settings.public_url.rstrip("/")
        host = request.headers.get("host", "")
        if not _HOST.fullmatch(host):
            raise InvalidRequest("The Host header is malformed.")
        return f"{request.url.scheme}://{host}"

    def guarded(self, handler: Handler, dialect: Dialect | None = None) -> Handler:
        """The handler with its errors rendered in the dialect; unknown ones become 500."""
        speaks = dialect or self.services.dialects[0]

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except DarkroomError as error:
                return self.error(error, speaks)
            except Exception:
                log.exception("request_failed", path=request.url.path)
                request_id = request.scope["state"]["request_id"]
                failed = Internal(f"Something went wrong on our side. Request id: {request_id}.")
                return self.error(failed, speaks)

        return handle

    def error(
        self,
        error: DarkroomError,
        dialect: Dialect | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        answer = (dialect or self.services.dialects[0]).render_error(error)
        headers = dict(headers or {})
        if isinstance(error, SlowBody):
            headers["connection"] = "close"  # the rest of the body is not waited for
        return AnswerResponse(answer, self.services.blobs, headers)


def path_id(request: Request, name: str) -> str:
    """The id in the path. Raises :class:`NotFound` for a text that cannot be one."""
    # PostgreSQL refuses some characters, and nobody needs to search for what we never made.
    if not is_id(text := request.path_params[name]):
        raise NotFound(f"There is no '{text[:64]}'.")
    return text


def is_id(text: str) -> bool:
    """Whether the text has the form of an id of ours."""
    return _ID.fullmatch(text) is not None


_KEY_HEADERS = ("x-api-key", "api-key", "x-goog-api-key")
