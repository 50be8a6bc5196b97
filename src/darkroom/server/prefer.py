"""The ``Prefer`` header: whether a caller wants to wait (RFC 7240 §4.1 and §4.3)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

WAIT_MAX_S = 600
_WAIT_S = 60
"""A bare ``wait`` is Replicate's: https://replicate.com/docs/topics/predictions/create-a-prediction"""
_WAIT = re.compile(r'wait(?:\s*=\s*"?([0-9]{1,9})"?)?', re.ASCII)


@dataclass(frozen=True, slots=True)
class Preference:
    """``wait_s``: at most so long, then a task; None when the caller does not say."""

    respond_async: bool = False
    wait_s: int | None = None

    @property
    def applied(self) -> str:
        """The value of ``Preference-Applied``; empty when nothing was preferred."""
        wait = [] if self.wait_s is None else [f"wait={self.wait_s}"]
        return ", ".join([*(["respond-async"] if self.respond_async else []), *wait])

    def patience_s(self, *, task: bool) -> float | None:
        """How long to wait before answering with a task; None for as long as it takes.

        ``task`` says that the request's dialect answers so by itself.
        """
        if self.wait_s is not None:
            return self.wait_s
        return 0 if self.respond_async or task else None


def preference(values: Iterable[str]) -> Preference:
    """What the header's values say. What is unknown or malformed is ignored, as the RFC asks."""
    respond_async, wait_s = False, None
    for item in ",".join(values).split(","):
        token = item.partition(";")[0].strip().lower()
        if token == "respond-async":  # noqa: S105 - a word of the header
            respond_async = True
        elif (match := _WAIT.fullmatch(token)) and wait_s is None:  # the first one counts
            wait_s = min(WAIT_MAX_S, _WAIT_S if match[1] is None else int(match[1]))
    return Preference(respond_async, wait_s)
