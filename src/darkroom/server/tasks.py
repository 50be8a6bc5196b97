"""The doors by which dialects show and cancel jobs: for every dialect, from its ``job_routes``."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.dialect import JobAction, JobRoute
from darkroom.core.errors import NotFound
from darkroom.core.job import Job
from darkroom.server.answers import AnswerResponse
from darkroom.server.door import Door, is_id, speak
from darkroom.server.outcomes import job_headers
from darkroom.server.resolve import Asked


def routes(door: Door) -> list[Route]:
    return [
        Route(path, door.guarded(TaskDoor(door, spoken).handle), methods=[method])
        for (path, method), spoken in door.resolver.job_paths().items()
    ]


class TaskDoor:
    """One path and method; ``spoken`` has its route in each dialect that lists it, by name."""

    def __init__(self, door: Door, spoken: Mapping[str, JobRoute]) -> None:
        self._door = door
        self._services = door.services
        self._spoken = spoken

    async def handle(self, request: Request) -> Response:
        resolver = self._door.resolver
        speak(request, resolver.choose(self._spoken, Asked(request.headers)).dialect)
        principal = await self._door.principal(request)
        asked = Asked(request.headers, principal.dialect)
        dialect = resolver.choose(self._spoken, asked).dialect
        speak(request, dialect)
        origin = self._door.origin(request)
        wire_id = request.path_params["job_id"]
        try:
            job = await self._job(
                dialect.job_id(wire_id),
                principal.account_id,
                self._spoken[dialect.name].action,
            )
        except NotFound as error:  # in the caller's words
            raise NotFound(f"There is no '{wire_id[:64]}'.", param="job_id") from error
        answer = dialect.render_job(job, lambda asset: self._services.links.url(origin, asset))
        return AnswerResponse(answer, self._services.blobs, job_headers(job))

    async def _job(self, job_id: str, account_id: str, action: JobAction) -> Job:
        """Raises :class:`NotFound`, also for somebody else's and for what can be no id."""
        if not is_id(job_id):
            raise NotFound(f"No job '{job_id[:64]}'.")
        if action is JobAction.CANCEL:
            return await self._services.jobs.cancel(job_id, account_id)
        return await self._services.jobs.get(job_id, account_id)
