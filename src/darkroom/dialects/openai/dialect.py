"""The OpenAI dialect: its routes and its translations, bound together."""

from collections.abc import Sequence

from darkroom.core.dialect import Answer, ImageRoute, LinkOf, Piece, WireBody
from darkroom.core.draft import AnswerForm, Draft
from darkroom.core.errors import DarkroomError
from darkroom.core.job import Asset, Job
from darkroom.core.request import Operation
from darkroom.dialects.openai import errors, parse, render


class OpenAIDialect:
    """``default_model`` serves requests that name none."""

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

    def __init__(self, default_model: str) -> None:
        self._default_model = default_model

    def parse(self, operation: Operation, body: WireBody) -> Draft:
        return parse.parse(operation, body, self._default_model)

    def render(self, job: Job, form: AnswerForm, link_of: LinkOf) -> Answer:
        return render.images(job, form, link_of)

    def render_error(self, error: DarkroomError) -> Answer:
        return errors.answer(error)

    def render_partial(self, job: Job, asset: Asset) -> Sequence[Piece]:
        return render.partial(job, asset)

    def render_completed(self, job: Job, asset: Asset, *, last: bool) -> Sequence[Piece]:
        return render.completed(job, asset, last=last)

    def render_stream_error(self, error: DarkroomError) -> Sequence[Piece]:
        return errors.event(error)
