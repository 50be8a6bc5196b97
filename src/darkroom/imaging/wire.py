"""What passes between the server and a worker: frames of MessagePack, never pickles.

A worker may be under an attacker's control. What it says is data of a known type and bounded size.
"""

import struct
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, get_type_hints

import msgspec

FRAME_BYTES_MAX = 64 << 20
_HEAD = struct.Struct(">I")


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    """The bytes cannot be used; the text says why, for whoever supplied them."""
    BROKEN = "broken"
    """Our own mistake; the text is a traceback."""


class Call(msgspec.Struct, frozen=True, array_like=True):
    """A function by its name, with encoded arguments in order."""

    module: str
    name: str
    arguments: list[msgspec.Raw]


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """How it went; ``value`` is the encoded result, ``text`` what is said otherwise."""

    outcome: Outcome
    text: str = ""
    value: msgspec.Raw = msgspec.Raw(b"\xc0")


def call_frame(function: Callable[..., Any], arguments: Sequence[object]) -> bytes:
    raw = [msgspec.Raw(_encoded(each)) for each in arguments]
    return _encoded(Call(function.__module__, function.__qualname__, raw))


def arguments_of(call: Call, function: Callable[..., Any]) -> list[Any]:
    """Raises ``msgspec.ValidationError`` for values of another type than annotated."""
    types = [kind for name, kind in hints(function).items() if name != "return"]
    return [_decoded(raw, kind) for raw, kind in zip(call.arguments, types, strict=False)]


def answer_frame(outcome: Outcome, text: str = "", value: object = None) -> bytes:
    return _encoded(Answer(outcome, text, msgspec.Raw(_encoded(value))))


def result_of(answer: Answer, function: Callable[..., Any]) -> Any:
    """What the function returned; None unless it is done. Raises ``msgspec.ValidationError``."""
    if answer.outcome is not Outcome.DONE:
        return None
    return _decoded(answer.value, hints(function)["return"])


@lru_cache
def hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function, resolved."""
    return get_type_hints(function)


def decode_call(frame: bytes) -> Call:
    return _decoded(frame, Call)


def decode_answer(frame: bytes) -> Answer:
    return _decoded(frame, Answer)


def send(stream: BinaryIO, frame: bytes) -> None:
    stream.write(_HEAD.pack(len(frame)))
    stream.write(frame)
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """The next frame. Raises ``EOFError`` at the end, and for one that is cut off or too large."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    (length,) = _HEAD.unpack(head)
    if length > FRAME_BYTES_MAX:
        raise EOFError
    frame = stream.read(length)
    if len(frame) < length:
        raise EOFError
    return frame


def _encoded(value: object) -> bytes:
    return msgspec.msgpack.encode(value, enc_hook=_plain)


def _decoded(data: bytes | msgspec.Raw, kind: Any) -> Any:
    return msgspec.msgpack.decode(data, type=kind, dec_hook=_rich)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"{type(value)} does not pass to the image pool")


def _rich(kind: type, value: Any) -> Any:
    if issubclass(kind, Path):
        return Path(value)
    raise NotImplementedError(f"{kind} does not pass to the image pool")
