"""``/v1/responses``: conversations that draw. A response is one job with a note of its own.

Between the body and the job stand the images of earlier responses, which the caller names by
``previous_response_id`` or by the ids of image calls.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.dialect import Dialect, ImageRoute, LinkOf, WireBody
from darkroom.core.draft import Draft
from darkroom.core.errors import InvalidRequest, NotFound
from darkroom.core.job import Asset, Job
from darkroom.dialects.responses import (
    NAME,
    Earlier,
    Reference,
    asked,
    call_of,
    deleted,
    draft,
    drawn_by,
    events,
    input_items,
    job_of,
    note_of,
    shown,
)
from darkroom.jobs import Follower
from darkroom.server.answers import AnswerResponse, encoded, event_stream
from darkroom.server.door import Door
from darkroom.server.images import Hints, ImageDoor
from darkroom.server.keys import IMAGES, Principal
from darkroom.server.native import json_response
from darkroom.server.outcomes import job_headers
from darkroom.server.streams import PING

_CANCEL_WAIT_S = 5.0
_PAGE_DEFAULT, _PAGE_MAX = 20, 100
_FROM_THE_START = -1


def routes(door: Door) -> list[Route]:
    dialect = next(dialect for dialect in door.services.dialects if dialect.name == NAME)
    views, hints = Responses(door), Hints()
    found: list[Route] = []
    for route in dialect.routes:
        creating = ResponseDoor(door, {NAME: route}, hints)
        table = (
            ("POST", "", creating.handle),
            ("GET", "/{response_id}", views.get),
            ("DELETE", "/{response_id}", views.delete),
            ("POST", "/{response_id}/cancel", views.cancel),
            ("GET", "/{response_id}/input_items", views.input_items),
        )
        found.extend(
            Route(route.path + path, door.guarded(handler, dialect), methods=[method])
            for method, path, handler in table
        )
    return found


class ResponseDoor(ImageDoor):
    """Takes requests that may go on from earlier responses."""

    async def draft(
        self, dialect: Dialect, path_route: ImageRoute, body: WireBody, principal: Principal
    ) -> Draft:
        found = asked(body)
        self._check_model(found.body.model)
        earlier = await self._previous(found.body.previous_response_id, principal)
        stored = await self._stored(found.conversation.made, principal)
        return draft(found, replace(earlier, found=stored))

    async def stream(self, dialect: Dialect, follower: Follower, origin: str) -> Response:
        return _stream(self._door, follower, origin)

    def _check_model(self, name: str | None) -> None:
        if name is not None and self._services.router.knows_model(name):
            raise InvalidRequest(
                f"'{name}' is an image model: name it in 'tools[0].model'. 'model' names the text"
                " model of a conversation, such as gpt-4.1.",
                param="model",
            )

    async def _previous(self, response_id: str | None, principal: Principal) -> Earlier:
        if response_id is None:
            return Earlier()
        try:
            job = await _stored_response(self._door, response_id, principal)
        except NotFound as error:
            raise NotFound(
                f"Previous response with id '{response_id[:80]}' not found.",
                param="previous_response_id",
            ) from error
        if not job.state.final:
            raise InvalidRequest(
                f"The response '{response_id}' is still in progress: wait for its end.",
                param="previous_response_id",
            )
        note, inputs = note_of(job), job.request.inputs
        newest = [asset.id for asset in job.results] or [inputs[i].asset_id for i in note.made]
        given = tuple(inputs[i].asset_id for i in note.given)
        return Earlier(given, tuple(newest), tuple(note.turns()))

    async def _stored(
        self, references: tuple[Reference, ...], principal: Principal
    ) -> Mapping[Reference, str]:
        """The stored images behind the references; what the caller may not see is not there."""
        found: dict[Reference, str] = {}
        for reference in references:
            asset = await self._result(reference, principal)
            if asset is not None:
                found[reference] = asset.id
        return found

    async def _result(self, reference: Reference, principal: Principal) -> Asset | None:
        place = call_of(reference.id)
        if place is None:
            return None
        job_id, position = place
        try:
            job = await self._services.jobs.get(job_id, principal.account_id)
        except NotFound:
            return None
        if not _is_stored(job):
            return None
        return drawn_by(job, position)


class Responses:
    """What can be asked of a response that was stored."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._services = door.services

    async def get(self, request: Request) -> Response:
        job = await self._job(request)
        origin = self._door.origin(request)
        if request.query_params.get("stream") == "true":
            after = _whole_number(request, "starting_after", _FROM_THE_START)
            return _stream(self._door, self._services.jobs.follow(job), origin, after + 1)
        return self._shown(job, origin)

    async def delete(self, request: Request) -> Response:
        """Forgets the conversation, and stops what still runs. The job and its charge stay."""
        job = await self._job(request)
        if not job.state.final:
            await self._services.jobs.cancel(job.id, job.account_id)
        await self._services.jobs.forget_note(job.id, job.account_id)
        return json_response(deleted(job))

    async def cancel(self, request: Request) -> Response:
        job = await self._job(request)
        if not note_of(job).background:
            raise InvalidRequest("Cannot cancel a synchronous response.", param="response_id")
        job = await self._services.jobs.cancel(job.id, job.account_id)
        with self._services.jobs.follow(job) as follower:
            job = await follower.end(_CANCEL_WAIT_S)
        return self._shown(job, self._door.origin(request))

    async def input_items(self, request: Request) -> Response:
        job = await self._job(request)
        items = input_items(job, _links(self._door, self._door.origin(request)))
        if request.query_params.get("order", "desc") == "desc":
            items.reverse()
        if after := request.query_params.get("after"):
            ids = [item["id"] for item in items]
            if after not in ids:
                raise InvalidRequest(f"There is no item '{after[:80]}'.", param="after")
            items = items[ids.index(after) + 1 :]
        limit = _whole_number(request, "limit", _PAGE_DEFAULT)
        if not 1 <= limit <= _PAGE_MAX:
            raise InvalidRequest(f"'limit' is 1 to {_PAGE_MAX}.", param="limit")
        return json_response(_page(items, limit))

    async def _job(self, request: Request) -> Job:
        principal = await self._door.principal(request)
        principal.require(IMAGES)
        return await _stored_response(self._door, request.path_params["response_id"], principal)

    def _shown(self, job: Job, origin: str) -> Response:
        answer = shown(job, _links(self._door, origin))
        return AnswerResponse(answer, self._services.blobs, job_headers(job))


async def _stored_response(door: Door, response_id: str, principal: Principal) -> Job:
    """Raises :class:`NotFound`, also for somebody else's, and for one that was not to be kept."""
    missing = NotFound(f"Response with id '{response_id[:80]}' not found.", param="response_id")
    try:
        job = await door.services.jobs.get(job_of(response_id), principal.account_id)
    except NotFound as error:
        raise missing from error
    if not _is_stored(job):
        raise missing
    return job


def _is_stored(job: Job) -> bool:
    return bool(job.note) and job.dialect == NAME and note_of(job).store


def _links(door: Door, origin: str) -> LinkOf:
    return lambda asset: door.services.links.url(origin, asset)


def _stream(door: Door, follower: Follower, origin: str, skipped: int = 0) -> Response:
    """The events of a response from the one after ``skipped`` on. Closes the follower."""
    link_of = _links(door, origin)

    async def told() -> AsyncIterator[bytes]:
        sent = skipped
        with follower:
            while True:
                job = follower.job
                log = events(job, link_of)
                async for data in encoded(door.services.blobs, log.after(sent)):
                    yield data
                sent = max(sent, len(log))
                if job.state.final or follower.interruption is not None:
                    return  # who was cut off goes on after the last event it heard
                if await follower.next(door.services.settings.keepalive_every_s) is None:
                    yield PING

    return event_stream(told(), job_headers(follower.job))


def _whole_number(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return usual
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidRequest(f"'{name}' is a whole number.", param=name)
    return int(text)


def _page(items: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    page = items[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else "",
        "last_id": page[-1]["id"] if page else "",
        "has_more": len(items) > limit,
    }
