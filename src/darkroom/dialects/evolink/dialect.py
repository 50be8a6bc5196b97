"""The EvoLink dialect: its routes and its translations, bound together."""

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
from darkroom.core.errors import DarkroomError
from darkroom.core.job import Asset, Job, JobEvent
from darkroom.core.request import Operation
from darkroom.dialects import _tasks
from darkroom.dialects.evolink import errors, parse, render

NAME = "evolink"
PREFIXES = ("", "/evolink")
_OWN_FIELDS = frozenset(
    (
        *("callback_url", "image_urls", "mask_url", "resolution"),
        *("model_params", "nsfw_check", "prompt_priority"),
    )
)
_RATIO = re.compile(r"\d{1,2}:\d{1,2}", re.ASCII)
_TIER = re.compile(r"(0\.5|[124])k", re.ASCII | re.IGNORECASE)


class EvoLinkDialect:
    name = NAME
    hosts: Sequence[str] = ("api.evolink.ai", "files-api.evolink.ai")
    key_prefix = "sk-evo-"  # https://docs.evolink.ai/en/quickstart
    routes = tuple(ImageRoute(f"{prefix}/v1/images/generations", None) for prefix in PREFIXES)
    # A task says can_cancel, but no way to do it is documented: both ways here are ours.
    job_routes = tuple(
        route
        for prefix in PREFIXES
        for route in (
            JobRoute(f"{prefix}/v1/tasks/{{job_id}}", JobAction.SHOW, "GET"),
            JobRoute(f"{prefix}/v1/tasks/{{job_id}}/cancel", JobAction.CANCEL, "POST"),
            JobRoute(f"{prefix}/v1/tasks/{{job_id}}", JobAction.CANCEL, "DELETE"),
        )
    )
    webhook_pauses_s: Sequence[float] | None = (1, 2, 4)

    def claims(self, headers: Mapping[str, str], body: WireBody) -> bool:
        fields = body.fields
        return (
            not _OWN_FIELDS.isdisjoint(fields)
            or _matches(_RATIO, fields.get("size"))
            or _matches(_TIER, fields.get("quality"))
            or headers.get("user-agent", "").lower().startswith("evolink")
            or any(name.startswith("x-evolink-") for name in headers)
        )

    def parse(self, operation: Operation | None, body: WireBody) -> Draft:
        return parse.parse(body)  # the body decides: images make it an edit

    def wire_id(self, job: Job) -> str:
        return _tasks.task_id(job)

    def job_id(self, wire_id: str) -> str:
        return _tasks.job_id(wire_id)

    def render(self, job: Job, form: AnswerForm, link_of: LinkOf) -> Answer:
        return render.waited_for(job, link_of)

    def render_accepted(self, job: Job, link_of: LinkOf) -> Answer:
        # 200, not 202: the vendor's own clients take everything else for a failure
        return render.shown(job, link_of)

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
        return render.notice(job, link_of)

    def webhook_headers(self, event: JobEvent, body: bytes, key_digest: bytes) -> Mapping[str, str]:
        return {}  # EvoLink signs nothing


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value.strip()) is not None
