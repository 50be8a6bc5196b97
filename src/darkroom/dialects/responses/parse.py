"""From the body of ``POST /v1/responses`` to a draft."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from darkroom.core.dialect import WireBody
from darkroom.core.draft import AnswerForm, Draft, MaskConvention, Source
from darkroom.core.errors import InvalidRequest, UnsupportedValue
from darkroom.core.mainline import OUTPUT_MAX, Mainline
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.warning import Warning
from darkroom.dialects._bodies import (
    callback_of,
    image_format,
    source_of,
    unknown_parameter,
    validated,
    word,
)
from darkroom.dialects.responses.conversation import (
    IMAGES_MAX,
    Conversation,
    Earlier,
    Sight,
    read,
    sight,
)
from darkroom.dialects.responses.note import Note
from darkroom.dialects.responses.schema import ImageTool, ResponseBody

TOOL = "image_generation"
_ECHOED = (
    *("instructions", "max_output_tokens", "max_tool_calls", "metadata", "model"),
    *("parallel_tool_calls", "previous_response_id", "prompt_cache_key", "reasoning"),
    *("safety_identifier", "service_tier", "store", "temperature", "text", "tool_choice"),
    *("top_logprobs", "top_p", "truncation", "user"),
)
# https://platform.openai.com/docs/api-reference/responses/create#responses_create-metadata
_PAIRS_MAX, _NAME_MAX, _VALUE_MAX = 16, 64, 512
_ONE_TOOL = "This gateway serves the image_generation tool only"


@dataclass(frozen=True, slots=True)
class Asked:
    """A body that was read; what it refers to is not looked up yet."""

    body: ResponseBody
    tool: ImageTool
    conversation: Conversation


def asked(body: WireBody) -> Asked:
    """Raises from the request branch, naming the parameter."""
    if body.uploads or body.is_form:
        name = body.uploads[0][0] if body.uploads else next(iter(body.fields), "")
        raise unknown_parameter(name)
    wire = validated(ResponseBody, body.fields)
    for name in ("conversation", "prompt"):
        if getattr(wire, name) is not None:
            raise UnsupportedValue(
                f"'{name}' names something stored at OpenAI. Send 'input', and name an earlier"
                " turn by 'previous_response_id'.",
                param=name,
            )
    tool = _tool(wire)
    _check_choice(wire.tool_choice)
    _check_text(wire.text)
    _check_metadata(wire.metadata)
    if wire.background and wire.store is False:
        raise InvalidRequest(
            "A background response is polled for, so it has to be stored: leave out 'store'.",
            param="store",
        )
    return Asked(wire, tool, read(wire.input))


def draft(found: Asked, earlier: Earlier) -> Draft:
    """Raises from the request branch, naming the parameter."""
    wire, tool, conversation = found.body, found.tool, found.conversation
    mask = _mask(tool)
    seen = sight(conversation, earlier, masked=mask is not None)
    if tool.action == "edit" and not seen.sources:
        raise InvalidRequest(
            "'action' is 'edit', and there is no image to edit: add an input_image, or name an"
            " earlier response or image call.",
            param="tools[0].action",
        )
    edits = bool(seen.sources) and tool.action != "generate"
    if mask is not None and not edits:
        raise InvalidRequest("A mask needs an image to edit.", param="tools[0].input_image_mask")
    note = _note(found, seen, earlier, edits=edits)
    return Draft(
        request=_request(found, note, edits=edits),
        inputs=seen.sources if edits else (),
        mask=mask,
        mask_convention=MaskConvention(tool.mask_convention or MaskConvention.AUTO),
        callback=callback_of(wire.callback_url, wire.webhook_url),
        form=AnswerForm(
            stream=bool(wire.stream),
            task=bool(wire.background) and not wire.stream,
            inside=True,
        ),
        warnings=_images_left_out(seen),
        answered_here=_instructions_left_out(found),
        note=note.text(),
    )


def _request(found: Asked, note: Note, *, edits: bool) -> ImageRequest:
    wire, tool = found.body, found.tool
    return ImageRequest(
        operation=Operation.EDIT if edits else Operation.GENERATION,
        model=tool.model or "",
        prompt=found.conversation.prompt,
        size=word(tool.size),
        quality=word(tool.quality),
        background=word(tool.background),
        output_format=image_format(tool.output_format),
        output_compression=tool.output_compression,
        moderation=word(tool.moderation),
        input_fidelity=tool.input_fidelity if edits else None,
        # else nobody could see them, and they are charged
        partial_images=(tool.partial_images or 0) if wire.stream or wire.background else 0,
        seed=tool.seed,
        complexity=tool.complexity,
        frame_count=tool.frame_count,
        frame_duration_ms=tool.frame_duration_ms,
        size_policy=tool.size_policy or "fit",
        user=wire.safety_identifier or wire.user,
        mainline=_mainline(wire, note),
    )


def _mainline(wire: ResponseBody, note: Note) -> Mainline | None:
    if not wire.model:
        return None
    return Mainline(wire.model, note.text_bytes, wire.max_output_tokens or OUTPUT_MAX)


def _tool(wire: ResponseBody) -> ImageTool:
    for index, each in enumerate(wire.tools or ()):
        if each.get("type") != TOOL:
            raise UnsupportedValue(
                f"{_ONE_TOOL}: 'tools[{index}]' is of type {str(each.get('type'))[:64]!r}. Leave"
                " it out.",
                param=f"tools[{index}].type",
            )
    if not wire.tools:
        raise UnsupportedValue(
            f"{_ONE_TOOL}, and there is no text model behind it: send"
            ' tools: [{"type": "image_generation"}].',
            param="tools",
        )
    if len(wire.tools) > 1:
        raise InvalidRequest("'tools' names image_generation more than once.", param="tools[1]")
    tool = validated(ImageTool, wire.tools[0], "tools[0]")
    if tool.svg is not None:
        raise UnsupportedValue(
            "SVG output is not offered: a stored SVG can run scripts. Use png, webp or jpeg.",
            param="tools[0].svg",
        )
    return tool


def _check_choice(choice: str | Mapping[str, Any] | None) -> None:
    """Whatever lets the image tool be called is the same here: it is called."""
    if choice in (None, "auto", "required"):
        return
    if isinstance(choice, Mapping):
        named = choice.get("tools") if choice.get("type") == "allowed_tools" else [choice]
        if isinstance(named, list) and {"type": TOOL} in named:
            return
    raise UnsupportedValue(
        f"{_ONE_TOOL}, and there is no text model behind it: 'tool_choice' has to allow it.",
        param="tool_choice",
    )


def _check_text(text: Mapping[str, Any] | None) -> None:
    form: Any = (text or {}).get("format") or {"type": "text"}
    if not isinstance(form, Mapping) or form.get("type") != "text":  # pyright: ignore[reportUnknownMemberType]
        raise UnsupportedValue(
            f"{_ONE_TOOL}, and there is no text model behind it: it cannot answer by a schema."
            " Leave 'text.format' out.",
            param="text.format",
        )


def _check_metadata(metadata: Mapping[str, str] | None) -> None:
    pairs = metadata or {}
    right = all(len(name) <= _NAME_MAX and len(text) <= _VALUE_MAX for name, text in pairs.items())
    if len(pairs) > _PAIRS_MAX or not right:
        raise InvalidRequest(
            f"'metadata' has at most {_PAIRS_MAX} pairs, with names of at most {_NAME_MAX} and"
            f" values of at most {_VALUE_MAX} characters.",
            param="metadata",
        )


def _mask(tool: ImageTool) -> Source | None:
    ref = tool.input_image_mask
    if ref is None:
        return None
    return source_of(ref.image_url, ref.file_id, "tools[0].input_image_mask")


def _instructions_left_out(found: Asked) -> tuple[Warning, ...]:
    if not (found.body.instructions or found.conversation.has_instructions):
        return ()
    return (
        Warning(
            "parameter_dropped",
            "Instructions are for a text model, and none took part: the last user message"
            " alone went to the image model.",
            param="instructions",
        ),
    )


def _images_left_out(seen: Sight) -> tuple[Warning, ...]:
    if not seen.left_out:
        return ()
    return (
        Warning(
            "images_left_out",
            f"A picture is made of at most {IMAGES_MAX} images: the {seen.left_out} oldest"
            " of the conversation were left out.",
            param="input",
            asked=str(IMAGES_MAX + seen.left_out),
            used=str(IMAGES_MAX),
        ),
    )


def _note(found: Asked, seen: Sight, earlier: Earlier, *, edits: bool) -> Note:
    wire = found.body
    echo: dict[str, Any] = {
        name: value for name in _ECHOED if (value := getattr(wire, name)) is not None
    }
    return Note(
        echo=echo | {"tools": [_tool_echo(found.tool)]},
        items=seen.items if edits else _without_images(seen.items),
        given=seen.given if edits else (),
        made=seen.made if edits else (),
        store=wire.store is not False,
        background=bool(wire.background),
        before=list(earlier.before),
    )


def _tool_echo(tool: ImageTool) -> dict[str, Any]:
    """The tool with its defaults, as OpenAI repeats it; a mask that came inline is left out."""
    defaults = {
        "type": TOOL,
        "background": "auto",
        "moderation": "auto",
        "n": 1,
        "output_compression": 100,
        "output_format": "png",
        "quality": "auto",
        "size": "auto",
    }
    said = tool.model_dump(exclude_none=True)
    mask = tool.input_image_mask
    if mask is not None and (mask.image_url or "").startswith("data:"):
        del said["input_image_mask"]
    return defaults | said


def _without_images(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For a request that asked for a new picture: no image was taken in."""

    def emptied(part: dict[str, Any]) -> dict[str, Any]:
        return part | {"image": None} if "image" in part else part

    return [
        item | {"content": [emptied(part) for part in item["content"]]}
        if "content" in item
        else item
        for item in items
    ]
