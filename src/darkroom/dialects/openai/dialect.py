"""The OpenAI dialect: its routes and its translations, bound together."""

from collections.abc import Mapping, Sequence

import msgspec

from darkroom.core.dialect import Answer, ImageRoute, JobRoute, LinkOf, Piece, WireBody
from darkroom.core.draft import AnswerForm, Draft
from darkroom.core.errors import DarkroomError
from darkroom.core.job import Asset, Job, JobEvent
from darkroom.core.request import Operation
from darkroom.dialects import _openai_errors as errors
from darkroom.dialects._tasks import task
from darkroom.dialects.openai import parse, render

# What the clients of OpenAI's API send, and no client of a task API does.
_HEADERS = ("x-stainless-", "openai-", "x-ms-")
_AGENTS = (
    *("OpenAI/", "AsyncOpenAI/", "AzureOpenAI/", "AsyncAzureOpenAI/"),
    *("ai/", "ai-sdk/", "litellm/"),
)
_FIELDS = frozenset(
    {
        *("background", "frame_count", "frame_duration_ms", "images", "moderation"),
        *("output_compression", "output_format", "partial_images", "response_format"),
        *("safety_identifier", "size_policy", "stream", "style", "user"),
    }
)


class OpenAIDialect:
    name = "openai"
    # Azure's clients prepend a path of their own and name the model in the body all the same:
    # https://learn.microsoft.com/azure/ai-foundry/openai/reference
    routes = tuple(
        ImageRoute(prefix + path, operation)
        for prefix in ("/v1", "/openai/v1", "/openai/deployments/{deployment}")
        for path, operation in (
            ("/images/generations", Operation.GENERATION),
            ("/images/edits", Operation.EDIT),
        )
    )

    hosts: Sequence[str] = ("api.openai.com",)
    key_prefix = ""
    job_routes: Sequence[JobRoute] = ()
    webhook_pauses_s = None

    def claims(self, headers: Mapping[str, str], body: WireBody) -> bool:
        """By its SDKs' headers, a form, or a field that no task API has."""
        return (
            body.is_form
            or any(name.startswith(_HEADERS) for name in headers)
            or headers.get("user-agent", "").startswith(_AGENTS)
            or not _FIELDS.isdisjoint(body.fields)
        )

    def parse(self, operation: Operation | None, body: WireBody) -> Draft:
        return parse.parse(operation or Operation.GENERATION, body)

    def wire_id(self, job: Job) -> str:
        return job.id

    def job_id(self, wire_id: str) -> str:
        return wire_id

    def render(self, job: Job, form: AnswerForm, link_of: LinkOf) -> Answer:
        return render.images(job, form, link_of)

    def render_accepted(self, job: Job, link_of: LinkOf) -> Answer:
        return render.accepted(job, link_of)

    def render_job(self, job: Job, link_of: LinkOf) -> Answer:
        return Answer([msgspec.json.encode(task(job, link_of))])

    def render_error(self, error: DarkroomError) -> Answer:
        return errors.answer(error)

    def render_partial(self, job: Job, asset: Asset) -> Sequence[Piece]:
        return render.partial(job, asset)

    def render_completed(self, job: Job, asset: Asset, *, last: bool) -> Sequence[Piece]:
        return render.completed(job, asset, last=last)

    def render_stream_error(self, error: DarkroomError) -> Sequence[Piece]:
        return errors.event(error)

    def webhook(self, job: Job, event: JobEvent, link_of: LinkOf) -> bytes:
        return render.notice(job, event, link_of)

    def webhook_headers(self, event: JobEvent, body: bytes, key_digest: bytes) -> Mapping[str, str]:
        return {}
