"""What is kept of a conversation beside its job: what the response repeats, and what was said.

No image is in it: they are numbers of the job's input images, or of its results.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from darkroom.core.errors import PayloadTooLarge

_BYTES_MAX = 1 << 20
_BEFORE_MAX = 1 << 16
_PREVIEWS_MAX = 8


@dataclass(frozen=True, slots=True)
class Said:
    """The answer of a text model as its vendor sent it, as far as it is known.

    ``items``: its output items in order; ``"result": "#0"`` stands for the first image that
    arrived. ``usage``: the text model's own.
    """

    items: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    status: str = "in_progress"
    incomplete_details: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """``echo``: the fields of the response that repeat the request.

    ``items``: the input as sent, where ``{"type": "input_image", "image": 0}`` stands for the
    first of the job's input images and ``"image": null`` for one that was not used.
    ``given`` and ``made``: which of the job's input images the caller brought and which an
    earlier image call made, by number. ``before``: the messages of earlier turns, texts alone.
    ``said``: what a text model answered; None where there was none.
    """

    echo: dict[str, Any] = field(default_factory=dict[str, Any])
    items: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    given: tuple[int, ...] = ()
    made: tuple[int, ...] = ()
    store: bool = True
    background: bool = False
    before: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    said: Said | None = None

    def text(self) -> str:
        """Raises :class:`PayloadTooLarge`."""
        text = _json(asdict(self))
        if len(text.encode()) > _BYTES_MAX:
            raise PayloadTooLarge(
                f"The texts of the request have more than {_BYTES_MAX:,} bytes. Name earlier"
                " turns by 'previous_response_id' instead of sending them again.",
                param="input",
            )
        return text

    @property
    def text_bytes(self) -> int:
        """No fewer bytes than the texts that a text model reads."""
        texts = (self.before, self.items, self.echo.get("instructions"))
        return len(_json(texts).encode())

    def turns(self) -> list[dict[str, Any]]:
        """The conversation up to the end of this turn, as messages without images. The oldest
        are left out where it is long."""
        spoken = [item for item in self.items if item["type"] == "message"]
        if self.said is not None:
            spoken += [item for item in self.said.items if item.get("type") == "message"]
        kept: list[dict[str, Any]] = []
        room = _BEFORE_MAX
        for message in reversed([*self.before, *map(_texts, spoken)]):
            room -= len(_json(message).encode())
            if room < 0:
                break
            if message["content"]:
                kept.insert(0, message)
        return kept


def read_note(text: str) -> Note:
    """Empty for a job that has none."""
    if not text:
        return Note()
    written: dict[str, Any] = json.loads(text)
    said = written.get("said")
    return replace(
        Note(**written),
        given=tuple(written["given"]),
        made=tuple(written["made"]),
        said=None if said is None else Said(**said),
    )


def noted(text: str, said: Said) -> str:
    """The note with what was said by now; one that was forgotten stays so."""
    return _json(asdict(replace(read_note(text), said=said))) if text else ""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def preview_position(output_index: int, index: int) -> int:
    """Where a preview of one of several image calls stands among all previews of a job."""
    return output_index * _PREVIEWS_MAX + min(index, _PREVIEWS_MAX - 1)


def preview_place(position: int) -> tuple[int, int]:
    """The output item and the number of its preview, from :func:`preview_position`."""
    return divmod(position, _PREVIEWS_MAX)


def _texts(item: dict[str, Any]) -> dict[str, Any]:
    role = item.get("role", "assistant")
    kind = "output_text" if role == "assistant" else "input_text"
    parts: list[dict[str, Any]] = item.get("content") or []
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    content = [{"type": kind, "text": text} for text in texts]
    return {"type": "message", "role": role, "content": content}
