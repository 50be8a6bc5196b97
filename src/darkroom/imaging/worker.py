"""The process in which images are decoded: reads calls from its standard input until that ends."""

import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

from darkroom.imaging import lockdown, wire
from darkroom.imaging.inspect import NotAnImage
from darkroom.imaging.work import limits_of


def main(room: str) -> None:
    """Run functions of ``room`` until nobody asks any more."""
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what a library prints is not an answer
    os.close(nowhere)
    _decoder()
    lockdown.give_up_all_but_memory_and_time()
    ready_bytes = lockdown.memory_bytes()
    while True:
        try:
            call = wire.decode_call(wire.receive(calls))
        except EOFError:
            return
        wire.send(answers, _answer(call, room, ready_bytes))


def _decoder() -> None:
    """Loaded before the memory is counted: every call needs it."""
    from PIL import Image

    for name in ("PngImagePlugin", "JpegImagePlugin", "WebPImagePlugin", "GifImagePlugin"):
        import_module(f"PIL.{name}")
    # Ours are stricter, and kinder in what they say.
    Image.MAX_IMAGE_PIXELS = None


def _answer(call: wire.Call, room: str, ready_bytes: int) -> bytes:
    try:
        function = _found(call, room)
        arguments = wire.arguments_of(call, function)
        limits = limits_of(function)
        lockdown.bound_memory(limits.memory_bytes, ready_bytes)
        lockdown.bound_time(limits.cpu_s)
        return wire.answer_frame(wire.Outcome.DONE, value=function(*arguments))
    except NotAnImage as error:
        return wire.answer_frame(wire.Outcome.REFUSED, str(error))
    except MemoryError:
        return wire.answer_frame(wire.Outcome.REFUSED, "the image takes too much memory to decode")
    except Exception:  # noqa: BLE001 - told to the parent, who raises it
        return wire.answer_frame(wire.Outcome.BROKEN, traceback.format_exc())
    finally:
        lockdown.unbound_time()


def _found(call: wire.Call, room: str) -> Callable[..., Any]:
    if not call.module.startswith(f"{room}."):
        raise LookupError(f"{call.module} is not of {room}")
    return getattr(import_module(call.module), call.name)
