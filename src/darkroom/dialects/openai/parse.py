"""From OpenAI's wire body to a draft."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from darkroom.core.dialect import WireBody
from darkroom.core.draft import AnswerForm, Draft, InlineImage, RemoteImage, Source, StoredImage
from darkroom.core.errors import InvalidRequest, RequestError, UnknownParameter, UnsupportedValue
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.warning import Warning
from darkroom.dialects.openai.schema import EditBody, GenerationBody, ImageBody, ImageRef

_N_MAX = 10
_Body = TypeVar("_Body", bound=ImageBody)
# The SDKs send `image` for one file and `image[]` for a list; some clients number them.
_IMAGE_FIELD = re.compile(r"image(\[\d{0,2}\])?")


def parse(operation: Operation, body: WireBody, default_model: str) -> Draft:
    """Raises :class:`RequestError` naming the parameter, as OpenAI does."""
    if operation is Operation.GENERATION:
        return _generation(body, default_model)
    return _edit(body, default_model)


def _generation(body: WireBody, default_model: str) -> Draft:
    if body.uploads:
        raise UnknownParameter(_unknown(body.uploads[0][0]), param=body.uploads[0][0])
    wire = _validated(GenerationBody, body.fields)
    warnings: tuple[Warning, ...] = ()
    if wire.style is not None:
        if wire.style not in ("vivid", "natural"):
            raise InvalidRequest(_choice(wire.style, ("vivid", "natural")), param="style")
        # Clients of the dall-e-3 age send it for every model; no model of today has it.
        warnings = (
            Warning(
                "parameter_dropped",
                "No current model has 'style'; describe the style in the prompt.",
                param="style",
                asked=wire.style,
            ),
        )
    return _draft(Operation.GENERATION, wire, default_model, warnings=warnings)


def _edit(body: WireBody, default_model: str) -> Draft:
    inputs: list[Source] = []
    mask: Source | None = None
    for name, upload in body.uploads:
        if _IMAGE_FIELD.fullmatch(name):
            inputs.append(upload)
        elif name == "mask" and mask is None:
            mask = upload
        elif name == "mask":
            raise InvalidRequest("Duplicate parameter: 'mask'.", param="mask")
        elif name == "markup":
            raise UnsupportedValue("'markup' is not supported; use a mask.", param="markup")
        else:
            raise UnknownParameter(_unknown(name), param=name)
    for name in body.fields if body.is_form else ():
        if _IMAGE_FIELD.fullmatch(name) or name == "mask":
            raise InvalidRequest(
                f"'{name}' has to be a file of the form. Send JSON to name images by URL or id.",
                param=name,
            )
    wire = _validated(EditBody, body.fields)
    inputs.extend(_source(ref, f"images[{i}]") for i, ref in enumerate(wire.images or ()))
    if wire.mask is not None:
        mask = _source(wire.mask, "mask")
    if not inputs:
        name = "image" if body.is_form else "images"
        raise InvalidRequest(f"Missing required parameter: '{name}'.", param=name)
    return _draft(Operation.EDIT, wire, default_model, tuple(inputs), mask)


def _draft(
    operation: Operation,
    wire: ImageBody,
    default_model: str,
    inputs: tuple[Source, ...] = (),
    mask: Source | None = None,
    warnings: tuple[Warning, ...] = (),
) -> Draft:
    if wire.prompt is None:
        raise InvalidRequest("Missing required parameter: 'prompt'.", param="prompt")
    if wire.svg is not None:
        raise UnsupportedValue(
            "SVG output is not offered: a stored SVG can run scripts. Use png, webp or jpeg.",
            param="svg",
        )
    n = 1 if wire.n is None else wire.n
    if not 1 <= n <= _N_MAX:
        raise InvalidRequest(f"Invalid value: {n}. 'n' is 1 to {_N_MAX}.", param="n")
    if wire.partial_images and not wire.stream:
        raise InvalidRequest("'partial_images' needs 'stream': true.", param="partial_images")
    request = ImageRequest(
        operation=operation,
        model=wire.model or default_model,
        prompt=wire.prompt,
        n=n,
        size=_plain(wire.size),
        quality=_plain(wire.quality),
        background=_plain(wire.background),
        output_format=_format(wire.output_format),
        output_compression=wire.output_compression,
        moderation=_plain(wire.moderation),
        input_fidelity=wire.input_fidelity if isinstance(wire, EditBody) else None,
        partial_images=wire.partial_images or 0,
        seed=wire.seed,
        complexity=wire.complexity,
        frame_count=wire.frame_count,
        frame_duration_ms=wire.frame_duration_ms,
        size_policy=_one_of(wire.size_policy, "fit", ("fit", "strict"), "size_policy"),
        user=wire.safety_identifier or wire.user,
    )
    chosen = _one_of(wire.response_format, "b64_json", ("b64_json", "url"), "response_format")
    if chosen == "url" and wire.stream:
        raise InvalidRequest(
            "A stream carries the images themselves: 'response_format' cannot be 'url'.",
            param="response_format",
        )
    return Draft(
        request=request,
        inputs=inputs,
        mask=mask,
        form=AnswerForm(stream=bool(wire.stream), links=chosen == "url"),
        warnings=warnings,
    )


def _source(ref: ImageRef, param: str) -> Source:
    match ref.image_url, ref.file_id:
        case None, str(file_id):
            return StoredImage(file_id)
        case str(url), None:
            return InlineImage(url) if url.startswith("data:") else RemoteImage(url)
        case _:
            raise InvalidRequest("Give exactly one of 'image_url' and 'file_id'.", param=param)


def _plain(value: str | None) -> str:
    return "auto" if value is None else value.strip().lower()


def _format(value: str | None) -> str:
    chosen = "png" if value is None else value.strip().lower()
    return "jpeg" if chosen == "jpg" else chosen


def _one_of(value: str | None, default: str, choices: tuple[str, ...], param: str) -> str:
    if value is None:
        return default
    if value not in choices:
        raise InvalidRequest(_choice(value, choices), param=param)
    return value


def _validated(kind: type[_Body], fields: Mapping[str, Any]) -> _Body:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> RequestError:
    """The first problem, in OpenAI's words."""
    first = error.errors(include_url=False, include_context=False)[0]
    param = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]
    ).lstrip(".")
    if first["type"] == "extra_forbidden":
        return UnknownParameter(_unknown(param), param=param)
    shown = repr(first["input"])[:80]
    return InvalidRequest(f"Invalid value for '{param}': {shown}. {first['msg']}.", param=param)


def _unknown(name: str) -> str:
    return f"Unknown parameter: '{name}'."


def _choice(value: str, choices: tuple[str, ...]) -> str:
    listed = " and ".join(f"'{choice}'" for choice in choices)
    return f"Invalid value: '{value}'. Supported values are: {listed}."
