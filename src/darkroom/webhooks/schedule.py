"""When a delivery is tried again: pure functions of what was tried and what was answered."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# The example of Standard Webhooks: with the attempt at once, ten of them in 75 hours.
PAUSES_S = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
RETRY_AFTER_MAX_S = 86_400.0
_JITTER = 0.1


def pauses(least: Sequence[float] | None) -> tuple[float, ...]:
    """The pauses in seconds after each failed attempt.

    ``least`` is what a dialect's clients expect: its pauses come first, then the usual ones that
    are longer.
    """
    first = tuple(least or ())
    longest = max(first, default=0.0)
    return (*first, *(pause for pause in PAUSES_S if pause > longest))


def next_pause_s(
    planned: Sequence[float], step: int, retry_after_s: float | None, chance: float
) -> float | None:
    """The pause after the attempt that was number ``step``, from 0; None when it was the last.

    ``chance``, 0 to 1, spreads those that failed together. Retry-After only makes it longer.
    """
    if step >= len(planned):
        return None
    pause = planned[step] * (1 + _JITTER * chance)
    return max(pause, min(retry_after_s or 0.0, RETRY_AFTER_MAX_S))


def read_retry_after(text: str, now_ms: int) -> float | None:
    """Seconds of a Retry-After header, which has a number or a date; None for anything else."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for an offset of more than all time
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds())
