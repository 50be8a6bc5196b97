"""The Responses dialect: its routes and its translations, bound together."""

from collections.abc import Mapping, Sequence

from darkroom.core.dialect import Answer, ImageRoute, JobRoute, LinkOf, Piece, WireBody
from darkroom.core.draft import AnswerForm, Draft
from darkroom.core.errors import DarkroomError
from darkroom.core.job import Asset, Job, JobEvent
from darkroom.core.request import Operation
from darkroom.dialects.responses import errors, ids, render
from darkroom.dialects.responses.conversation import Earlier
from darkroom.dialects.responses.parse import asked, draft

NAME = "responses"
PATHS = ("/v1/responses", "/openai/v1/responses")


class ResponsesDialect:
    """What needs an earlier response is read by :func:`asked` and :func:`draft`; :meth:`parse` is
    for requests that name none."""

    name = NAME
    hosts: Sequence[str] = ()
    key_prefix = ""
    routes = tuple(ImageRoute(path, None) for path in PATHS)
    job_routes: Sequence[JobRoute] = ()
    webhook_pauses_s = None

    def claims(self, headers: Mapping[str, str], body: WireBody) -> bool:
        return False  # its paths are its own

    def parse(self, operation: Operation | None, body: WireBody) -> Draft:
        return draft(asked(body), Earlier())

    def wire_id(self, job: Job) -> str:
        return ids.response_id(job)

    def job_id(self, wire_id: str) -> str:
        return ids.job_of(wire_id)

    def render(self, job: Job, form: AnswerForm, link_of: LinkOf) -> Answer:
        return render.shown(job, link_of, links=form.links)

    def render_accepted(self, job: Job, link_of: LinkOf) -> Answer:
        return render.shown(job, link_of)

    def render_job(self, job: Job, link_of: LinkOf) -> Answer:
        return render.shown(job, link_of)

    def render_error(self, error: DarkroomError) -> Answer:
        return errors.answer(error)

    def render_partial(self, job: Job, asset: Asset) -> Sequence[Piece]:
        return ()  # its streams tell whole responses: see events.py

    def render_completed(self, job: Job, asset: Asset, *, last: bool) -> Sequence[Piece]:
        return ()

    def render_stream_error(self, error: DarkroomError) -> Sequence[Piece]:
        return errors.event(error)

    def webhook(self, job: Job, event: JobEvent, link_of: LinkOf) -> bytes:
        return render.notice(job, link_of)

    def webhook_headers(self, event: JobEvent, body: bytes, key_digest: bytes) -> Mapping[str, str]:
        return {}
