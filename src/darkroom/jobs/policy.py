"""What follows an attempt: another deployment, the same one again after a pause, or the end.

Pure, so that the whole policy can be read and tested in one place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from darkroom.core.errors import Billing, DarkroomError, ErrorRecord, OutcomeUnknown, by_code
from darkroom.core.job import Attempt, AttemptState
from darkroom.routing import Candidate

TRIES_PER_DEPLOYMENT = 3
RESTARTS_MAX = 10
"""A job that has seen so many crashes may be their reason."""
_PAUSE_S = 0.5
_PAUSE_MAX_S = 60.0
"""A vendor that asks for a longer pause is given up on for this job."""


@dataclass(frozen=True, slots=True)
class Try:
    """Send to this candidate after ``pause_s`` seconds."""

    candidate: Candidate
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Stop:
    """The job has failed for good."""

    error: ErrorRecord


def next_step(attempts: Sequence[Attempt], candidates: Sequence[Candidate]) -> Try | Stop:
    """``attempts`` are closed, oldest first; ``candidates`` are in the order of preference."""
    if not attempts:
        return Try(candidates[0])
    last = attempts[-1]
    error = last.error or OutcomeUnknown("The attempt left no result.").record()
    cut_off = [one for one in attempts if one.error and one.error.code == OutcomeUnknown.code]
    if last.state is AttemptState.SENT_UNKNOWN:
        if not _may_resend(last, candidates) or len(cut_off) > RESTARTS_MAX:
            return Stop(error)
    elif not _kind(error).retryable:
        return Stop(error)
    # Our own crashes say nothing about a deployment.
    tried = [attempt.deployment for attempt in attempts if attempt not in cut_off]
    for candidate in candidates:
        if candidate.route.deployment.id not in tried:
            return Try(candidate)
    for candidate in candidates:
        times = tried.count(candidate.route.deployment.id)
        if times < TRIES_PER_DEPLOYMENT and _worth_another(error):
            pause = max(error.retry_after_s or 0.0, _PAUSE_S * 2 ** (times - 1) if times else 0.0)
            return Try(candidate, pause) if pause <= _PAUSE_MAX_S else Stop(error)
    return Stop(error)


def closed_state(error: DarkroomError) -> AttemptState:
    """How an attempt that raised ``error`` goes into the record."""
    if error.code == "moderation_blocked":
        return AttemptState.REFUSED
    if error.code == "upstream_unavailable":
        return AttemptState.NOT_SENT
    if error.billing is Billing.UNKNOWN:
        return AttemptState.SENT_UNKNOWN
    return AttemptState.FAILED


def _kind(error: ErrorRecord) -> type[DarkroomError]:
    return by_code().get(error.code, DarkroomError)


def _worth_another(error: ErrorRecord) -> bool:
    # Credentials do not heal within a minute; everything else that may be retried can.
    return error.code != "upstream_denied"


def _may_resend(last: Attempt, candidates: Sequence[Candidate]) -> bool:
    """Whether an attempt that may have been billed can be bought again, by the operator's word."""
    for candidate in candidates:
        route = candidate.route
        if route.deployment.id == last.deployment:
            said = route.deployment.resend_unknown
            return route.provider.resend_safe if said is None else said
    return False
