"""Tells several listeners of one event, so that the failure of one is nobody's trouble."""

from collections.abc import Callable, Sequence
from typing import Any

import structlog

from darkroom.core.observer import Observer

log = structlog.get_logger(__name__)

_EVENTS = [name for name in vars(Observer) if not name.startswith("_")]


class Observers(Observer):
    """What a listener raises is logged and goes no further.

    Each event is a method as :class:`Observer` has it, made here of those of the listeners that
    hear of it: several stand on the way of every request.
    """

    def __init__(self, listeners: Sequence[Observer]) -> None:
        for name in _EVENTS:
            hear = [getattr(one, name) for one in listeners if _hears(one, name)]
            setattr(self, name, _telling(hear))


def _hears(listener: Observer, name: str) -> bool:
    return getattr(type(listener), name) is not getattr(Observer, name)


def _telling(hear: Sequence[Callable[..., None]]) -> Callable[..., None]:
    def tell(*about: Any, **more: Any) -> None:
        for one in hear:
            try:
                one(*about, **more)
            except Exception:
                log.exception("observer_failed", observer=one.__qualname__)

    return tell
