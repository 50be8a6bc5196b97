"""From OpenAI's wire body to a draft."""

import re

from darkroom.core.dialect import WireBody
from darkroom.core.draft import AnswerForm, Draft, MaskConvention, Source
from darkroom.core.errors import InvalidRequest, UnsupportedValue
from darkroom.core.request import ImageRequest, Operation, ServiceTier
from darkroom.core.warning import Warning
from darkroom.dialects._bodies import (
    callback_of,
    image_format,
    source_of,
    unknown_parameter,
    validated,
    word,
)
from darkroom.dialects.openai.schema import EditBody, GenerationBody, ImageBody

_N_MAX = 10
# The SDKs send `image` for one file and `image[]` for a list; some clients number them.
_IMAGE_FIELD = re.compile(r"image(\[\d{0,2}\])?")


def parse(operation: Operation, body: WireBody) -> Draft:
    """Raises :class:`RequestError` naming the parameter, as OpenAI does."""
    if operation is Operation.GENERATION:
        return _generation(body)
    return _edit(body)


def _generation(body: WireBody) -> Draft:
    if body.uploads:
        raise unknown_parameter(body.uploads[0][0])
    wire = validated(GenerationBody, body.fields)
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
    return _draft(Operation.GENERATION, wire, warnings=warnings)


def _edit(body: WireBody) -> Draft:
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
            raise unknown_parameter(name)
    for name in body.fields if body.is_form else ():
        if _IMAGE_FIELD.fullmatch(name) or name == "mask":
            raise InvalidRequest(
                f"'{name}' has to be a file of the form. Send JSON to name images by URL or id.",
                param=name,
            )
    wire = validated(EditBody, body.fields)
    inputs.extend(
        source_of(ref.image_url, ref.file_id, f"images[{i}]")
        for i, ref in enumerate(wire.images or ())
    )
    if wire.mask is not None:
        mask = source_of(wire.mask.image_url, wire.mask.file_id, "mask")
    if not inputs:
        name = "image" if body.is_form else "images"
        raise InvalidRequest(f"Missing required parameter: '{name}'.", param=name)
    return _draft(Operation.EDIT, wire, tuple(inputs), mask)


def _draft(
    operation: Operation,
    wire: ImageBody,
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
    tier = _one_of(wire.service_tier, ServiceTier.AUTO, tuple(ServiceTier), "service_tier")
    if tier == ServiceTier.ECONOMY and wire.stream:
        raise InvalidRequest(
            "An economy request may take a day and is answered with a task: it has no 'stream'.",
            param="stream",
        )
    request = ImageRequest(
        operation=operation,
        model=wire.model or "",
        prompt=wire.prompt,
        n=n,
        size=word(wire.size),
        quality=word(wire.quality),
        background=word(wire.background),
        output_format=image_format(wire.output_format),
        output_compression=wire.output_compression,
        moderation=word(wire.moderation),
        input_fidelity=wire.input_fidelity if isinstance(wire, EditBody) else None,
        partial_images=wire.partial_images or 0,
        seed=wire.seed,
        complexity=wire.complexity,
        frame_count=wire.frame_count,
        frame_duration_ms=wire.frame_duration_ms,
        size_policy=_one_of(wire.size_policy, "fit", ("fit", "strict"), "size_policy"),
        service_tier=tier,
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
        mask_convention=_mask_convention(wire, mask),
        callback=callback_of(wire.callback_url, wire.webhook_url),
        form=AnswerForm(
            stream=bool(wire.stream), links=chosen == "url", task=tier == ServiceTier.ECONOMY
        ),
        warnings=warnings,
    )


def _mask_convention(wire: ImageBody, mask: Source | None) -> MaskConvention:
    said = wire.mask_convention if isinstance(wire, EditBody) else None
    if said is not None and mask is None:
        raise InvalidRequest(
            "'mask_convention' says how to read a 'mask', and there is none.",
            param="mask_convention",
        )
    names = tuple(MaskConvention)
    return MaskConvention(_one_of(said, MaskConvention.AUTO, names, "mask_convention"))


def _one_of(value: str | None, default: str, choices: tuple[str, ...], param: str) -> str:
    if value is None:
        return default
    if value not in choices:
        raise InvalidRequest(_choice(value, choices), param=param)
    return value


def _choice(value: str, choices: tuple[str, ...]) -> str:
    listed = " and ".join(f"'{choice}'" for choice in choices)
    return f"Invalid value: '{value}'. Supported values are: {listed}."
