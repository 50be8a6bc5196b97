"""How commands fail: one line on stderr, or one JSON object on stdout, and an exit code."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from darkroom_client import APIError


class Exit(IntEnum):
    """The exit codes of ``darkroom --help``."""

    FAILURE = 1
    USAGE = 2
    REFUSED = 3
    AUTH = 4
    FUNDS = 5
    UNAVAILABLE = 6
    PARTIAL = 7


class Failure(Exception):
    """What went wrong, for people and, with ``code`` and ``details``, for programs."""

    def __init__(
        self,
        message: str,
        exit: Exit = Exit.FAILURE,
        code: str = "failed",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.exit = exit
        self.code = code
        self.details: Mapping[str, Any] = details or {}


# The request itself is wrong, whichever side notices it.
_USAGE_CODES = {"invalid_value", "unknown_parameter", "unsupported_value", "model_not_found"}


@contextmanager
def reported(as_json: bool = False) -> Generator[None]:
    """Tell every expected failure and leave with its exit code."""
    try:
        yield
    except Failure as failure:
        _leave(failure, as_json)
    except click.UsageError as error:
        if not as_json:
            raise
        _leave(Failure(error.format_message(), Exit.USAGE, "usage"), as_json)


@contextmanager
def starting() -> Generator[None]:
    """Turn what can go wrong while a server opens into a :class:`Failure`."""
    from darkroom.db import DatabaseInUse
    from darkroom.settings import ConfigError

    try:
        yield
    except ConfigError as error:
        raise Failure(str(error), code="configuration") from error
    except DatabaseInUse as error:
        message = f"{error}; stop that server, or choose another folder: --data-dir"
        raise Failure(message, Exit.UNAVAILABLE, "data_in_use") from error
    except PermissionError as error:
        message = f"cannot write {error.filename}; choose another folder: --data-dir"
        raise Failure(message, code="data_folder") from error
    except OSError as error:
        where, why = error.filename or "the data folder", error.strerror or str(error)
        message = f"cannot use {where}: {why}; choose another folder: --data-dir"
        raise Failure(message, code="data_folder") from error


def of_api(error: "APIError") -> Failure:
    """From an error of the SDK."""
    from darkroom_client import ContentPolicyViolation

    message = error.message
    if isinstance(error, ContentPolicyViolation):
        why = f" ({', '.join(error.categories)})" if error.categories else ""
        message = f"refused by moderation{why}: {message}"
    details = {
        "param": error.param,
        "request_id": error.request_id or None,
        "job_id": error.job_id or None,
        "retryable": error.retryable,
    }
    return Failure(message, _exit_of(error), error.code or "failed", details)


def _exit_of(error: "APIError") -> Exit:
    import darkroom_client as sdk

    if error.code in _USAGE_CODES:
        return Exit.USAGE
    if isinstance(error, sdk.ContentPolicyViolation):
        return Exit.REFUSED
    if isinstance(error, sdk.InsufficientBalance | sdk.BudgetExceeded):
        return Exit.FUNDS
    if isinstance(error, sdk.AuthenticationError | sdk.PermissionDeniedError):
        return Exit.AUTH
    if isinstance(error, sdk.APIConnectionError | sdk.RateLimitError):
        return Exit.UNAVAILABLE
    if isinstance(error, sdk.APIStatusError) and error.status_code in (408, 503, 504):
        return Exit.UNAVAILABLE
    return Exit.FAILURE


def _leave(failure: Failure, as_json: bool) -> NoReturn:
    if as_json:
        error = {"code": failure.code, "message": failure.message, **failure.details}
        click.echo(json.dumps({"ok": False, "error": error}, ensure_ascii=False))
    else:
        job = failure.details.get("job_id")
        told = " ".join(failure.message.split()) + (f" (job {job})" if job else "")
        click.echo(f"darkroom: {told}", err=True)
    raise SystemExit(int(failure.exit))
