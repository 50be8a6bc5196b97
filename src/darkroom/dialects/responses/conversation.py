"""What a conversation comes to for the image tool: the last words, and the images in sight."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from darkroom.core.draft import InlineImage, Source, StoredImage
from darkroom.core.errors import InvalidRequest, NotFound, UnsupportedValue
from darkroom.dialects._bodies import source_of, validated
from darkroom.dialects.responses.schema import CallItem, ImagePart, Message, TextPart

IMAGES_MAX = 16
"""Of so many images at most a picture is made, as with OpenAI's models."""
_TEXTS = ("input_text", "output_text", "text")
_UNUSED = ("reasoning", "compaction")
"""What answers contain beside messages and image calls, sent back by clients."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The result of an earlier image call, by the call's id.

    ``result``: its base64 as the client has it; used when the call is not stored here.
    """

    id: str
    result: str | None = None
    param: str = "input"

    def missing(self) -> NotFound:
        return NotFound(
            f"Item with id '{self.id[:80]}' not found. Items are not persisted when `store` is set"
            " to false. Try again with `store` set to true, or remove this item from your input.",
            param=self.param,
        )


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the previous response leaves in sight, as ids of stored images.

    ``given``: what the caller had brought; ``made``: the newest pictures.
    """

    given: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    before: tuple[dict[str, Any], ...] = ()
    """The messages of earlier turns, texts alone."""
    found: Mapping[Reference, str] = field(default_factory=dict[Reference, str])
    """The stored images behind the references of the request."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """``made`` are the newest image calls, ``given`` the images in the user's messages: of those
    the last ``fresh`` came with the last words. ``items`` is the input as a note keeps it."""

    prompt: str
    items: tuple[dict[str, Any], ...]
    made: tuple[Reference, ...] = ()
    given: tuple[Source, ...] = ()
    fresh: int = 0
    has_instructions: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """The input images in the order in which they go to the model.

    ``given`` and ``made`` are their numbers by where they come from; ``items`` the input with
    the numbers filled in; ``left_out`` how many there were too many.
    """

    sources: tuple[Source, ...]
    given: tuple[int, ...]
    made: tuple[int, ...]
    items: list[dict[str, Any]]
    left_out: int = 0


def read(value: str | Sequence[Mapping[str, Any]] | None) -> Conversation:
    """Raises from the request branch, naming the place."""
    if value is None:
        raise InvalidRequest("Missing required parameter: 'input'.", param="input")
    if isinstance(value, str):
        value = [{"role": "user", "content": value}]
    reader = _Reader()
    for index, item in enumerate(value):
        reader.take(item, f"input[{index}]")
    return reader.conversation()


def sight(conversation: Conversation, earlier: Earlier, *, masked: bool) -> Sight:
    """The images to work on. A newer picture takes the place of an older one; what the caller
    brought stays in sight. A mask belongs to the first image: with one, what came with the last
    words goes first.

    Raises :class:`NotFound` for a reference to nothing.
    """
    made: list[Source] = [_resolved(each, earlier) for each in conversation.made]
    if not made:
        made = [StoredImage(id) for id in earlier.made]
    given: list[Source] = [*(StoredImage(id) for id in earlier.given), *conversation.given]
    fresh: list[Source] = []
    if masked and conversation.fresh:
        given, fresh = given[: -conversation.fresh], given[-conversation.fresh :]
    ordered = list(dict.fromkeys([*fresh, *made, *given]))
    too_many = max(0, len(ordered) - IMAGES_MAX)
    kept_first = len(set(fresh + made))
    ordered = ordered[:kept_first] + ordered[kept_first + too_many :]  # the oldest go
    ordered = ordered[:IMAGES_MAX]
    number = {source: index for index, source in enumerate(ordered)}
    numbers = iter([number.get(source) for source in conversation.given])
    return Sight(
        sources=tuple(ordered),
        given=tuple(number[source] for source in dict.fromkeys(given + fresh) if source in number),
        made=tuple(number[source] for source in dict.fromkeys(made) if source in number),
        items=[_numbered(item, numbers) for item in conversation.items],
        left_out=too_many,
    )


def _resolved(reference: Reference, earlier: Earlier) -> Source:
    asset_id = earlier.found.get(reference)
    if asset_id is not None:
        return StoredImage(asset_id)
    if reference.result:
        return InlineImage(reference.result)
    raise reference.missing()


def _numbered(item: dict[str, Any], numbers: Iterator[int | None]) -> dict[str, Any]:
    if "content" not in item:
        return item
    filled = [
        part | {"image": next(numbers)} if part["type"] == "input_image" else part
        for part in item["content"]
    ]
    return item | {"content": filled}


class _Reader:
    """Goes through the items of an input, oldest first."""

    def __init__(self) -> None:
        self._items: list[dict[str, Any]] = []
        self._made: list[Reference] = []
        self._spoken = False  # by the user, since the last image call
        self._last = Conversation("", ())
        self._given: list[Source] = []
        self._has_instructions = False

    def conversation(self) -> Conversation:
        if not self._last.prompt.strip():
            raise InvalidRequest(
                "The last user message of 'input' has no text: say what to draw.", param="input"
            )
        return replace(
            self._last,
            items=tuple(self._items),
            made=tuple(self._made),
            given=tuple(self._given),
            has_instructions=self._has_instructions,
        )

    def take(self, item: Mapping[str, Any], at: str) -> None:
        kind = item.get("type", "message")
        if kind == "message":
            self._message(validated(Message, item, at), at)
        elif kind == "image_generation_call":
            call = validated(CallItem, item, at)
            self._call(Reference(call.id or "", call.result, f"{at}.id"))
        elif kind == "item_reference":
            self._reference(validated(CallItem, item, at), at)
        elif kind not in _UNUSED:
            raise UnsupportedValue(
                f"'{at}' is of type {str(kind)[:64]!r}. This gateway serves the image_generation"
                " tool only: send messages and image_generation_call items.",
                param=f"{at}.type",
            )

    def _reference(self, item: CallItem, at: str) -> None:
        name = item.id or ""
        if name.startswith("ig_"):
            self._call(Reference(name, param=f"{at}.id"))
        elif not name.startswith(("msg_", "rs_")):  # those add nothing to a picture
            raise Reference(name, param=f"{at}.id").missing()

    def _call(self, reference: Reference) -> None:
        if self._spoken:
            self._made.clear()
            self._spoken = False
        self._made.append(reference)
        self._items.append({"type": "image_generation_call", "id": reference.id})

    def _message(self, message: Message, at: str) -> None:
        content = message.content
        parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
        texts: list[str] = []
        shown: list[dict[str, Any]] = []
        images: list[Source] = []
        for index, part in enumerate(parts):
            place = f"{at}.content[{index}]"
            kind = part.get("type")
            if kind in _TEXTS:
                texts.append(validated(TextPart, part, place).text)
                shown.append({"type": "input_text", "text": texts[-1]})
            elif kind == "input_image":
                image = validated(ImagePart, part, place)
                images.append(source_of(image.image_url, image.file_id, place))
                shown.append({"type": "input_image"})
            elif kind != "refusal":
                raise UnsupportedValue(
                    f"'{place}' is of type {str(kind)[:64]!r}; a message here has input_text and"
                    " input_image.",
                    param=f"{place}.type",
                )
        self._items.append({"type": "message", "role": message.role, "content": shown})
        self._given.extend(images)
        if message.role == "user":
            self._spoken = True
            self._last = Conversation("\n".join(texts), (), fresh=len(images))
        elif message.role != "assistant":
            self._has_instructions = True
