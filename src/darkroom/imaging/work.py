"""Marks the functions that the image pool runs, each with what it may use up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__pooled__"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one piece of work may use before its process is ended."""

    cpu_s: float
    memory_bytes: int
    """Of address space, beyond what the worker has when it is ready."""
    wall_s: float
    """From its start on a worker, whatever it waits for. Generous: machines may be busy."""


DECODING = Limits(2.0, 256 << 20, 30.0)
REWRITING = Limits(4.0, 256 << 20, 60.0)
"""One decode, and writing what was decoded."""
FINISHING = Limits(20.0, 512 << 20, 120.0)
"""One to three decodes, then our own work on the pixels: resampling, cutting out, encoding."""


def pooled(limits: Limits = DECODING) -> Callable[[F], F]:
    """Let the pool run a module-level function of this room.

    Its parameters and its answer are annotated, at run time, with plain data: numbers, text, bytes,
    paths, enums, frozen dataclasses of these. Annotations are how both sides check what arrives.
    """

    def mark(function: F) -> F:
        setattr(function, _MARK, limits)
        return function

    return mark


def limits_of(function: Callable[..., Any]) -> Limits:
    """Raises ``TypeError`` for a function that is not marked: only what is meant to runs there."""
    limits = getattr(function, _MARK, None)
    if not isinstance(limits, Limits):
        raise TypeError(f"{function!r} is not marked as work for the image pool")
    return limits
