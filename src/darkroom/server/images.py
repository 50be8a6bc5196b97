"""The image doors: one for every path on which dialects take images.

A request is answered when its job has ended, as a stream, or at once with a task to poll: as its
dialect does by itself, unless the caller prefers otherwise.
"""

from collections.abc import Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.dialect import Dialect, ImageRoute, WireBody
from darkroom.core.draft import AnswerForm, Draft
from darkroom.core.job import Asset
from darkroom.jobs import Follower, Submission
from darkroom.server.door import Door, speak
from darkroom.server.drafting import drafted
from darkroom.server.keys import IMAGES, Principal
from darkroom.server.limits import limit_headers, usual_limits
from darkroom.server.policy import HEADER, request_policy
from darkroom.server.prefer import preference
from darkroom.server.resolve import Asked, Choice, Reason
from darkroom.server.streams import Stream
from darkroom.server.waiting import Call, Waiting
from darkroom.webhooks import signs_with_key

log = structlog.get_logger(__name__)

_HINTED_MAX = 10_000


def routes(door: Door) -> list[Route]:
    hints = Hints()
    return [
        Route(path, door.guarded(ImageDoor(door, spoken, hints).handle), methods=["POST"])
        for path, spoken in door.resolver.image_paths().items()
    ]


class Hints:
    """Tells an operator once per key that a request did not show which client sent it."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, principal: Principal, path: str, answered: str) -> None:
        if principal.key_id in self._given or len(self._given) >= _HINTED_MAX:
            return
        self._given.add(principal.key_id)
        log.info(
            "dialect_by_default",
            path=path,
            answered=answered,
            hint="nothing showed which client this is; `darkroom keys set-dialect` settles it",
        )


class ImageDoor:
    """One path; ``spoken`` has its route in each dialect that lists it, by name."""

    def __init__(self, door: Door, spoken: Mapping[str, ImageRoute], hints: Hints) -> None:
        self._door = door
        self._services = door.services
        self._spoken = spoken
        self._hints = hints
        self._usual_limits = usual_limits(door.services.settings)

    async def handle(self, request: Request) -> Response:
        self._choose(request, Asked(request.headers))  # who tells of a wrong key
        origin = self._door.origin(request)
        prefer = preference(request.headers.getlist("prefer"))
        dialect, form, follower = await self._accepted(request)
        if form.stream and not prefer.respond_async:
            return _told(await self.stream(dialect, follower, origin), follower)

        def link_of(asset: Asset) -> str:
            return self._services.links.url(origin, asset)

        call = Call(dialect, form, prefer, follower, link_of)
        return _told(await Waiting(self._services, call).response(), follower)

    async def draft(
        self, dialect: Dialect, path_route: ImageRoute, body: WireBody, principal: Principal
    ) -> Draft:
        """What a body asks for. A door whose dialect refers to earlier jobs looks them up."""
        return await drafted(dialect, path_route.operation, body)

    async def stream(self, dialect: Dialect, follower: Follower, origin: str) -> Response:
        """The answer as server-sent events; ``origin`` is for links in them."""
        return await Stream(self._door, dialect, follower).response()

    async def _accepted(self, request: Request) -> tuple[Dialect, AnswerForm, Follower]:
        """The accepted job. On return nothing holds the request's body any more."""
        principal = await self._door.principal(request)
        self._choose(request, Asked(request.headers, principal.dialect))
        principal.require(IMAGES)
        if "idempotency-key" not in request.headers:  # else the job may be there already
            self._services.jobs.check_room()
        async with self._door.bodies.reading(request) as body:
            choice = self._choose(request, Asked(request.headers, principal.dialect, body))
            dialect = choice.dialect
            if choice.reason is Reason.DEFAULT:
                self._hints.give(principal, request.url.path, dialect.name)
            draft = await self.draft(dialect, self._spoken[dialect.name], body, principal)
            submission = Submission(
                draft=draft,
                account_id=principal.account_id,
                key_id=principal.key_id,
                dialect=dialect.name,
                idempotency_key=request.headers.get("idempotency-key"),
                limits=principal.limits.over(self._usual_limits),
                prices=principal.prices,
                policy=request_policy(
                    request.headers.get(HEADER), principal.policy, self._services.router
                ),
                origin=self._door.origin(request),
                key_digest=principal.key_digest if signs_with_key(dialect) else b"",
            )
            return dialect, draft.form, await self._services.jobs.submit(submission)

    def _choose(self, request: Request, asked: Asked) -> Choice:
        """Who answers, as far as that is known; errors leave in that dialect from here on."""
        choice = self._door.resolver.choose(self._spoken, asked)
        speak(request, choice.dialect)
        return choice


def _told(answer: Response, follower: Follower) -> Response:
    """The answer with what the API key has left of its limits."""
    if follower.allowances:
        answer.headers.update(limit_headers(follower.allowances))
    return answer
