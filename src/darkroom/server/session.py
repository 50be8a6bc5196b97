"""``/v1/session``: signing a browser in and out, and who it is signed in as."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.errors import InvalidRequest, NotFound, Unauthorized
from darkroom.core.ids import now_ms
from darkroom.core.times import shown_time
from darkroom.server import records
from darkroom.server.amounts import known_fields
from darkroom.server.body import read_json
from darkroom.server.door import Door, sent_key
from darkroom.server.keys import ADMIN, Principal
from darkroom.server.native import json_response
from darkroom.server.records import ApiKey
from darkroom.server.sessions import Guesses, SignedIn, cookie

_BODY_MAX = 4 * 1024
_SECRET_MAX = 512


def routes(door: Door) -> list[Route]:
    view = SessionView(door)
    return [
        Route("/v1/session", door.guarded(view.sign_in), methods=["POST"]),
        Route("/v1/session", door.guarded(view.get), methods=["GET"]),
        Route("/v1/session", door.guarded(view.sign_out), methods=["DELETE"]),
        Route("/v1/sign-in-links", door.guarded(view.link), methods=["POST"]),
    ]


class SessionView:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._database = door.services.database
        self._sessions = door.sessions
        self._public_url = door.services.settings.public_url
        self._guesses = Guesses()

    async def sign_in(self, request: Request) -> Response:
        """``{token}`` of a link, or ``{key}``: the browser gets the cookie of a new session."""
        cookie.require_own(request, self._public_url)
        address = request.client.host if request.client else ""
        self._guesses.check(address)
        body = await read_json(request, self._door.patience, _BODY_MAX)
        known_fields(body, "token", "key")
        if len(body) != 1:
            raise InvalidRequest("Send either 'token' or 'key'.", param="token")
        [(kind, value)] = body.items()
        if not isinstance(value, str) or not 1 <= len(value) <= _SECRET_MAX:
            raise InvalidRequest(f"'{kind}' is a text.", param=kind)
        begin = self._sessions.by_link if kind == "token" else self._sessions.by_key
        try:
            signed_in = await begin(value.strip())
        except Unauthorized:
            self._guesses.failed(address)
            raise
        answer = _private(json_response(await self._shown(signed_in), 201))
        age_s = self._door.services.settings.session_lifetime_s
        cookie.write(request, answer, self._public_url, signed_in.secret, age_s)
        return answer

    async def get(self, request: Request) -> Response:
        """Who asks: by cookie, or by API key, which then has no session."""
        if not sent_key(request):
            signed_in = await self._door.signed_in(request)
            if signed_in is not None:
                return _private(json_response(await self._shown(signed_in)))
        principal = await self._door.principal(request)
        return _private(json_response(await self._shown_key(principal)))

    async def sign_out(self, request: Request) -> Response:
        secret = cookie.read(request, self._public_url)
        if secret:
            await self._sessions.end(secret)
        answer = _private(json_response({"object": "session", "signed_out": True}))
        cookie.write(request, answer, self._public_url, "", 0)
        return answer

    async def link(self, request: Request) -> Response:
        """A link that signs in once, with the caller's key or, for an admin, with another."""
        principal = await self._door.principal(request)
        body = await read_json(request, self._door.patience, _BODY_MAX)
        known_fields(body, "key")
        key = await self._key_of_link(principal, body.get("key"))
        token, ends_at_ms = await self._sessions.link(key.id)
        return _private(
            json_response(
                {
                    "object": "sign_in_link",
                    "url": link_url(self._door.origin(request), token),
                    "key": key.id,
                    "key_name": key.name,
                    "expires_at": shown_time(ends_at_ms),
                },
                201,
            )
        )

    async def _key_of_link(self, principal: Principal, wanted: Any) -> ApiKey:
        if wanted is not None and not isinstance(wanted, str):
            raise InvalidRequest("'key' is the id of an API key.", param="key")
        if wanted is not None and wanted != principal.key_id:
            principal.require(ADMIN)
        key_id = wanted or principal.key_id
        found = await self._database.read(lambda tx: records.by_id(tx, key_id))
        if found is None and wanted is None:  # the operator's key is in no table
            found = await self._door.keys.first_admin()
            if found is None:
                raise InvalidRequest(
                    "There is no key with the scope 'admin' to sign in with. Make one:"
                    " darkroom keys create NAME --admin",
                    param="key",
                )
        if found is None or found.over(now_ms()):
            raise NotFound(f"No API key '{key_id[:64]}' that works.", param="key")
        return found

    async def _shown(self, signed_in: SignedIn) -> dict[str, Any]:
        session = signed_in.session
        return {
            **await self._shown_key(signed_in.principal),
            "id": session.id,
            "created_at": shown_time(session.created_at_ms),
            "expires_at": shown_time(session.ends_at_ms),
            "idle_expires_at": shown_time(min(signed_in.idle_ends_at_ms, session.ends_at_ms)),
        }

    async def _shown_key(self, principal: Principal) -> dict[str, Any]:
        def work(tx: Any) -> tuple[ApiKey | None, records.AccountRow | None]:
            return (
                records.by_id(tx, principal.key_id),
                records.account_of(tx, principal.account_id),
            )

        key, account = await self._database.read(work)
        return {
            "object": "session",
            "id": None,
            "role": "admin" if ADMIN in principal.scopes else "user",
            "key": {
                "id": principal.key_id,
                "name": key.name if key else principal.key_id,
                "hint": key.hint if key else "",
                "scopes": sorted(principal.scopes),
                "dialect": principal.dialect or "auto",
                "expires_at": shown_time(key.expires_at_ms) if key else None,
            },
            "account": {"id": principal.account_id, "name": account.name if account else ""},
            "created_at": None,
            "expires_at": None,
            "idle_expires_at": None,
        }


def link_url(origin: str, token: str) -> str:
    """The playground's address that signs in. What follows ``#`` reaches no server and no log."""
    return f"{origin}/#token={token}"


def _private(answer: Response) -> Response:
    answer.headers["cache-control"] = "no-store"
    return answer
