"""What every route shares: who asks, on which origin, and how errors leave."""

import re
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope
from structlog.contextvars import bind_contextvars

from darkroom.core.dialect import Dialect
from darkroom.core.errors import (
    DarkroomError,
    Internal,
    InvalidRequest,
    NotFound,
    Overloaded,
    RateLimited,
    SlowBody,
    Unauthorized,
)
from darkroom.server.answers import AnswerResponse
from darkroom.server.body import Bodies, Patience
from darkroom.server.keys import Keys, Principal
from darkroom.server.limits import limit_headers
from darkroom.server.load import ByteBudget
from darkroom.server.resolve import KEY_HEADERS, Resolver
from darkroom.server.sessions import Lifetimes, Sessions, SignedIn, cookie
from darkroom.wiring import Services

log = structlog.get_logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]
_HOST = re.compile(r"([\w.\-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:\d{1,5})?", re.ASCII)
_BUSY_S = 5.0
_ID = re.compile(r"[\w.\-]{1,64}", re.ASCII)


class Door:
    """The services with the two things that need a request: the caller and the origin."""

    def __init__(self, services: Services, keys: Keys) -> None:
        self.services = services
        self.keys = keys
        settings = services.settings
        self.resolver = Resolver(services.dialects, settings.default_dialect)
        self.patience = Patience(
            settings.body_piece_timeout_s, settings.body_timeout_s, settings.body_bytes_per_s_min
        )
        memory = ByteBudget(settings.bodies_bytes_max, settings.bodies_wait_s)
        self.bodies = Bodies(services.spool, self.patience, memory)
        self.sessions = Sessions(
            services.database, services.key_pepper, keys, Lifetimes.of(settings)
        )

    async def principal(self, request: Request) -> Principal:
        """Whoever the key of the request stands for; without a key, the session of its cookie.

        Raises :class:`Unauthorized`, also for two different keys in one request, and
        :class:`Forbidden` for a cookie that another site's page made a browser send.
        """
        principal = await self._principal(request)
        bind_contextvars(key_id=principal.key_id)  # the lines of this request say whose it is
        return principal

    async def _principal(self, request: Request) -> Principal:
        if key := sent_key(request):
            return await self.keys.principal(key)
        signed_in = await self.signed_in(request)
        if signed_in is None:
            raise Unauthorized(
                "You didn't provide an API key. Send it as 'Authorization: Bearer <key>'.",
                details={"missing": True},
            )
        return signed_in.principal

    async def signed_in(self, request: Request) -> SignedIn | None:
        """The session behind the cookie of the request; None without one. Raises like
        :meth:`principal`."""
        secret = cookie.read(request, self.services.settings.public_url)
        return await self.sessions.find(secret) if secret else None

    def origin(self, request: Request) -> str:
        """The origin that the client used, for links. Raises :class:`InvalidRequest`."""
        if self.services.settings.public_url:
            return self.services.settings.public_url.rstrip("/")
        host = request.headers.get("host", "")
        if not _HOST.fullmatch(host):
            raise InvalidRequest("The Host header is malformed.")
        return f"{request.url.scheme}://{host}"

    def guarded(self, handler: Handler, dialect: Dialect | None = None) -> Handler:
        """The handler with its errors rendered in the dialect; unknown ones become 500.

        A handler that learns who answers while it works says so with :func:`speak`.
        """
        usual = dialect or self.services.dialects[0]

        async def handle(request: Request) -> Response:
            try:
                if request.scope["state"].get("crowded"):
                    return self._turned_away(request)
                return await handler(request)
            except DarkroomError as error:
                return self.error(error, spoken(request) or usual)
            except Exception:
                log.exception(
                    "request_failed", method=request.method, route=route_of(request.scope)
                )
                request_id = request.scope["state"]["request_id"]
                failed = Internal(f"Something went wrong on our side. Request id: {request_id}.")
                return self.error(failed, spoken(request) or usual)

        return handle

    def _turned_away(self, request: Request) -> Response:
        dialect = self.resolver.at_a_glance(request.scope["path"], request.headers)
        crowded = Overloaded(
            "This server has as many connections as it takes. Try again in a moment.",
            retry_after_s=_BUSY_S,
        )
        return self.error(crowded, dialect, {"connection": "close"})

    def error(
        self,
        error: DarkroomError,
        dialect: Dialect | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        answer = (dialect or self.services.dialects[0]).render_error(error)
        headers = dict(headers or {})
        if isinstance(error, RateLimited):
            headers |= limit_headers(error.details.get("allowances", ()))
        if isinstance(error, SlowBody):
            headers["connection"] = "close"  # the rest of the body is not waited for
        return AnswerResponse(answer, self.services.blobs, headers)


def sent_key(request: Request) -> str:
    """The API key in the headers of the request; empty when there is none.

    Raises :class:`Unauthorized` when there are several.
    """
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    found = {bearer.strip()} if scheme.lower() == "bearer" and bearer.strip() else set[str]()
    found |= {value for name in KEY_HEADERS if (value := request.headers.get(name))}
    if len(found) > 1:
        raise Unauthorized("The request carries several API keys. Send one.")
    return found.pop() if found else ""


def route_of(scope: Scope) -> str:
    """The template of the path: what may stand in logs and labels, unlike the path itself."""
    route = scope.get("route")
    return "unknown" if route is None else route.path


def speak(request: Request, dialect: Dialect) -> None:
    """From here on, the request's errors leave in this dialect."""
    request.scope["state"]["dialect"] = dialect


def spoken(request: Request) -> Dialect | None:
    """What :func:`speak` said last."""
    return request.scope["state"].get("dialect")


def path_id(request: Request, name: str) -> str:
    """The id in the path. Raises :class:`NotFound` for a text that cannot be one."""
    # PostgreSQL refuses some characters, and nobody needs to search for what we never made.
    if not is_id(text := request.path_params[name]):
        raise NotFound(f"There is no '{text[:64]}'.")
    return text


def is_id(text: str) -> bool:
    """Whether the text has the form of an id of ours."""
    return _ID.fullmatch(text) is not None
