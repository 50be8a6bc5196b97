"""From Apiframe's wire body to a draft."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from darkroom.core.dialect import WireBody
from darkroom.core.draft import AnswerForm, Callback, Draft, InlineImage, RemoteImage, Source
from darkroom.core.errors import InvalidRequest, RequestError, UnknownParameter
from darkroom.core.job import JobEvent
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.warning import Warning
from darkroom.dialects._bodies import require_few
from darkroom.dialects.apiframe.errors import PROBLEMS
from darkroom.dialects.apiframe.families import (
    Family,
    catalog_name,
    family_of,
)
from darkroom.dialects.apiframe.schema import Body, Params

_EVENTS: Mapping[str, tuple[JobEvent, ...]] = {
    "progress": (JobEvent.PROGRESS,),
    "completed": (JobEvent.COMPLETED,),
    "failed": (JobEvent.FAILED, JobEvent.CANCELED),  # its webhooks know no cancel of their own
}
_Model = TypeVar("_Model", bound=BaseModel)


def parse(operation: Operation | None, body: WireBody) -> Draft:
    """Raises :class:`RequestError` with every problem by its JSON path.

    ``operation`` None: input images make it an edit.
    """
    if body.uploads:
        name = body.uploads[0][0]
        raise UnknownParameter(
            f"'{name}': send JSON; files go to POST /v2/uploads, and their URL into the request.",
            param=name,
        )
    require_few(body.fields)
    problems = _Problems()
    fields = dict(body.fields)
    asked_model = fields.get("model")
    family = family_of(catalog_name(asked_model)) if isinstance(asked_model, str) else None
    sent = fields.pop(family.key, None) if family and family.key else None
    if family is not None:
        require_few(sent, family.key)
    wire = problems.checked(Body, fields, "", family)
    params = None
    if family is not None:
        params = problems.checked(family.schema, {} if sent is None else sent, family.key, family)
    problems.refuse()
    # without a problem all three are there
    return _draft(operation, cast(Body, wire), cast(Family, family), cast(Params, params))


def _draft(operation: Operation | None, wire: Body, family: Family, params: Params) -> Draft:
    asked = family.read(params, family.key)
    callback, notes = _callback(wire)
    inputs = tuple(map(_source, asked.images))
    request = ImageRequest(
        operation=operation or (Operation.EDIT if inputs else Operation.GENERATION),
        model=catalog_name(wire.model),
        prompt=wire.prompt,
        **asked.fields,
    )
    return Draft(
        request=request,
        inputs=inputs,
        callback=callback,
        form=AnswerForm(links=True, task=True),
        warnings=(*asked.warnings, *notes),
    )


def _source(url: str) -> Source:
    return InlineImage(url) if url[:5].lower() == "data:" else RemoteImage(url)


def _callback(wire: Body) -> tuple[Callback | None, tuple[Warning, ...]]:
    url, param = _either(wire, "webhook_url", "webhookUrl")
    events, events_param = _either(wire, "webhook_events", "webhookEvents")
    if url is None:
        if events is None:
            return None, ()
        message = f"'{events_param}' has no effect without 'webhookUrl'."
        return None, (Warning("parameter_dropped", message, param=events_param),)
    if events is None:
        return Callback(url, param=param), ()
    wanted = tuple(dict.fromkeys(event for name in events for event in _EVENTS[name]))
    return Callback(url, wanted, param), ()


def _either(wire: Body, first: str, second: str) -> tuple[Any, str]:
    """The value of whichever spelling was sent, and that spelling."""
    one, other = getattr(wire, first), getattr(wire, second)
    if one is not None and other is not None and one != other:
        raise InvalidRequest(f"'{first}' and '{second}' differ. Send one of them.", param=first)
    return (other, second) if one is None else (one, first)


class _Problems:
    """All that is wrong with a body, by JSON path: Apiframe tells everything at once."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}
        self._unknown: list[str] = []

    def checked(
        self, kind: type[_Model], value: object, key: str, family: Family | None
    ) -> _Model | None:
        """The value when it is right; else what is wrong with it is noted."""
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            for each in error.errors(include_url=False, include_context=False):
                self._note(each, key, family)
            return None

    def _note(self, problem: ErrorDetails, key: str, family: Family | None) -> None:
        path = ".".join(map(str, (key, *problem["loc"]) if key else problem["loc"]))
        message = f"{problem['msg']}."
        if problem["type"] == "extra_forbidden":
            self._unknown.append(path)
            message = _unknown(path, family)
        self._found.setdefault(path, []).append(message)

    def refuse(self) -> None:
        """Raises :class:`RequestError` when something was wrong."""
        if not self._found:
            return
        first = (self._unknown or list(self._found))[0]
        kind: type[RequestError] = UnknownParameter if self._unknown else InvalidRequest
        message = f"{first}: {self._found[first][0]}"
        raise kind(message, param=first, details={PROBLEMS: self._found})


def _unknown(path: str, family: Family | None) -> str:
    if path.endswith("Params") and "." not in path and family is not None:
        takes = f"This one takes '{family.key}'." if family.key else "This one takes none."
        return f"The parameter object of another model. {takes} GET /v2/models lists the models."
    return "Unknown parameter."
