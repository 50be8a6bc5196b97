"""What follows an attempt: another deployment, the same one again after a pause, or the end.

Pure, so that the whole policy can be read and tested in one place.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from darkroom.core.errors import (
    Billing,
    DarkroomError,
    ErrorRecord,
    ModerationBlocked,
    OutcomeUnknown,
    by_code,
)
from darkroom.core.job import Attempt, AttemptState
from darkroom.routing import Candidate, Route

TRIES_PER_DEPLOYMENT = 3
RESTARTS_MAX = 10
"""A job that has seen so many crashes may be their reason."""
_PAUSE_S = 0.5
_PAUSE_MAX_S = 60.0
"""A vendor that asks for a longer pause is given up on: callers are told to come back then."""


@dataclass(frozen=True, slots=True)
class Try:
    """Send to this candidate after ``pause_s`` seconds."""

    candidate: Candidate
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Stop:
    """The job has failed for good."""

    error: ErrorRecord


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the next step has to keep to. ``left_s``: until the job's deadline."""

    left_s: float = math.inf
    after_refusal: bool = False
    """Whether another deployment may be asked after a refusal on policy."""
    may_return: bool = True
    """False when the retry budget is used up: no deployment is asked a second time."""
    down: frozenset[str] = frozenset()
    """Deployments with an open circuit."""
    now_ms: int = 0


def next_step(
    attempts: Sequence[Attempt], candidates: Sequence[Candidate], bounds: Bounds = Bounds()
) -> Try | Stop:
    """``attempts`` are closed, oldest first; ``candidates`` are in the order of preference."""
    if not attempts:
        return Try(candidates[0])
    error = _final(attempts)
    # Our own crashes say nothing about a deployment.
    cut_off = [one for one in attempts if one.error and one.error.code == OutcomeUnknown.code]
    if len(cut_off) > RESTARTS_MAX or bounds.left_s <= 0:
        return Stop(error)
    if not _may_go_on(attempts[-1], candidates, bounds):
        return Stop(error)
    counted = [one for one in attempts if one not in cut_off]
    if (held := _held(attempts[-1], counted, candidates, bounds)) is not None:
        return held
    tried = {one.deployment for one in counted}
    for candidate in candidates:
        if candidate.route.deployment.id not in tried:
            return Try(candidate)
    if not bounds.may_return or attempts[-1].state is AttemptState.REFUSED:
        return Stop(error)
    again = [found for one in candidates if (found := _again(counted, one, bounds)) is not None]
    soonest = min(again, key=lambda step: step.pause_s, default=None)
    if soonest is None or soonest.pause_s > _PAUSE_MAX_S or soonest.pause_s >= bounds.left_s:
        return Stop(error)
    return soonest


def closed_state(error: DarkroomError) -> AttemptState:
    """How an attempt that raised ``error`` goes into the record."""
    if error.code == ModerationBlocked.code:
        return AttemptState.REFUSED
    if error.code == "upstream_unavailable":
        return AttemptState.NOT_SENT
    if error.billing is Billing.UNKNOWN:
        return AttemptState.SENT_UNKNOWN
    return AttemptState.FAILED


def resend_safe(route: Route) -> bool:
    """Whether a call of unknown outcome may be repeated: the operator says, or the adapter."""
    said = route.deployment.resend_unknown
    return route.provider.resend_safe if said is None else said


def _final(attempts: Sequence[Attempt]) -> ErrorRecord:
    """What a job says that ends now: a refusal tells more than what came after it."""
    told = next((one for one in attempts if one.state is AttemptState.REFUSED), attempts[-1])
    return told.error or OutcomeUnknown("The attempt left no result.").record()


def _may_go_on(last: Attempt, candidates: Sequence[Candidate], bounds: Bounds) -> bool:
    if last.error is None:
        return False
    goes_on = _kind(last.error).retryable
    if last.state is AttemptState.SENT_UNKNOWN:  # also at another deployment: a second purchase
        if not goes_on and last.error.code != OutcomeUnknown.code:
            return False
        routes = (one.route for one in candidates if one.route.deployment.id == last.deployment)
        return any(resend_safe(route) for route in routes)
    if last.state is AttemptState.REFUSED:
        return bounds.after_refusal
    return goes_on


def _held(
    last: Attempt, counted: Sequence[Attempt], candidates: Sequence[Candidate], bounds: Bounds
) -> Try | None:
    """Back to the vendor that may have made the image, if it hands out under the same key what it
    has: elsewhere it would be bought a second time. Once, and not while it is known to be down."""
    if last.state is not AttemptState.SENT_UNKNOWN or last.deployment in bounds.down:
        return None
    own = [one for one in counted if one.deployment == last.deployment]
    unknown = sum(one.state is AttemptState.SENT_UNKNOWN for one in own)
    pause_s = _PAUSE_S if unknown else 0.0  # none after our own crash
    if len(own) >= TRIES_PER_DEPLOYMENT or unknown > 1 or pause_s >= bounds.left_s:
        return None
    if unknown and not bounds.may_return:
        return None
    for one in candidates:
        if one.route.deployment.id == last.deployment and one.route.provider.resend_safe:
            return Try(one, pause_s)
    return None


def _again(attempts: Sequence[Attempt], candidate: Candidate, bounds: Bounds) -> Try | None:
    """Back to a deployment that was tried, after a pause that grows; None when that is no use."""
    own = [one for one in attempts if one.deployment == candidate.route.deployment.id]
    last = own[-1]
    if len(own) >= TRIES_PER_DEPLOYMENT or last.error is None or not _worth_another(last):
        return None
    passed_s = 0.0  # since it asked for a pause, while others were tried
    if last is not attempts[-1]:
        passed_s = max(0, bounds.now_ms - (last.finished_at_ms or 0)) / 1000
    asked_s = (last.error.retry_after_s or 0.0) - passed_s
    return Try(candidate, max(asked_s, _PAUSE_S * 2 ** (len(own) - 1)))


def _kind(error: ErrorRecord) -> type[DarkroomError]:
    return by_code().get(error.code, DarkroomError)


def _worth_another(last: Attempt) -> bool:
    # Credentials do not heal within a minute; everything else that may be retried can.
    if last.state is AttemptState.REFUSED or last.error is None:
        return False
    return last.error.code != "upstream_denied"
