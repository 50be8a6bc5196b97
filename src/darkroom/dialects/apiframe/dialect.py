"""The Apiframe dialect: its routes and its translations, bound together."""

import re
from collections.abc import Mapping, Sequence

from darkroom.core.dialect import (
    Answer,
    ImageRoute,
    JobAction,
    JobRoute,
    LinkOf,
    Piece,
    WireBody,
)
from darkroom.core.draft import AnswerForm, Draft
from darkroom.core.errors import DarkroomError, InvalidRequest
from darkroom.core.job import Asset, Job, JobEvent
from darkroom.core.request import Operation
from darkroom.dialects.apiframe import errors, parse, render

NAME = "apiframe"
PREFIXES = ("/v2", "/apiframe/v2")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class ApiframeDialect:
    name = NAME
    hosts: Sequence[str] = ("api.apiframe.ai",)
    key_prefix = "afk_"
    routes = tuple(ImageRoute(f"{prefix}/images/generate", None) for prefix in PREFIXES)
    # The vendor has the status CANCELLED but no way to get there; the cancel is ours.
    job_routes = tuple(
        route
        for prefix in PREFIXES
        for route in (
            JobRoute(f"{prefix}/jobs/{{job_id}}", JobAction.SHOW, "GET"),
            JobRoute(f"{prefix}/jobs/{{job_id}}/cancel", JobAction.CANCEL, "POST"),
        )
    )
    webhook_pauses_s = None  # nothing is published

    def claims(self, headers: Mapping[str, str], body: WireBody) -> bool:
        return headers.get("user-agent", "").startswith("apiframe-sdk-")

    def parse(self, operation: Operation | None, body: WireBody) -> Draft:
        return parse.parse(operation, body)

    def wire_id(self, job: Job) -> str:
        return job.id

    def job_id(self, wire_id: str) -> str:
        if not _UUID.fullmatch(wire_id):
            raise InvalidRequest("The id of a job is a UUID.", param="id")
        return wire_id.lower()

    def render(self, job: Job, form: AnswerForm, link_of: LinkOf) -> Answer:
        return render.shown(job, link_of)

    def render_accepted(self, job: Job, link_of: LinkOf) -> Answer:
        return render.accepted(job)

    def render_job(self, job: Job, link_of: LinkOf) -> Answer:
        return render.shown(job, link_of)

    def render_error(self, error: DarkroomError) -> Answer:
        return errors.answer(error)

    def render_partial(self, job: Job, asset: Asset) -> Sequence[Piece]:
        return ()  # no request of this dialect can ask for a stream

    def render_completed(self, job: Job, asset: Asset, *, last: bool) -> Sequence[Piece]:
        return ()

    def render_stream_error(self, error: DarkroomError) -> Sequence[Piece]:
        return errors.event(error)

    def webhook(self, job: Job, event: JobEvent, link_of: LinkOf) -> bytes:
        return render.notice(job, event, link_of)

    def webhook_headers(self, event: JobEvent, body: bytes, key_digest: bytes) -> Mapping[str, str]:
        return render.notice_headers(event, body, key_digest)
