"""Logs: one line per event, on stderr, with the ids of request and job, never with a secret."""

import logging
import sys
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

from darkroom.telemetry.redaction import without_secrets

_FOREIGN = logging.WARNING
"""What libraries say below that is about themselves."""


def set_up_logs(level: str, form: str) -> None:
    """``form`` is ``console`` or ``json``. What libraries log goes the same way."""
    least = logging.getLevelNamesMapping()[level.upper()]
    renderer: Any = (
        structlog.processors.JSONRenderer(_json)
        if form == "json"
        # Its usual tracebacks show local variables: keys and prompts among them.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    finish: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_empty,
        without_secrets,
    ]
    structlog.configure(
        processors=[*finish, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _take_in_foreign(finish, renderer, max(least, _FOREIGN))


def _json(event: EventDict, **_options: Any) -> str:
    """A tenth of what the standard library takes, on the way of every request."""
    return msgspec.json.encode(event).decode()


def _take_in_foreign(finish: list[Any], renderer: Any, level: int) -> None:
    """Libraries log in Python's own way: their lines get our form, and lose their secrets."""
    handler = _Foreign(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *finish,
                renderer,
            ],
        )
    )
    handler.setLevel(level)
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _Foreign)]
    root.addHandler(handler)


class _Foreign(logging.StreamHandler[Any]):
    """Ours among the handlers of the root logger, so that a second set-up replaces it."""


def _without_empty(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """An id that an event does not have is left out of its line."""
    return {name: value for name, value in event.items() if value != ""}
