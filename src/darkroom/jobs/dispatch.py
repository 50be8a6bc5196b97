"""Decides where a job goes next: prices, health, limits, policy and deadline, put together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from darkroom.core.deployment import Deployment
from darkroom.core.errors import ModelNotFound, Overloaded, RequestError
from darkroom.core.ids import now_ms
from darkroom.core.job import Attempt, Considered, Job
from darkroom.core.policy import Policy
from darkroom.db import Tx
from darkroom.jobs.policy import Bounds, Stop, Try, next_step
from darkroom.jobs.pricing import Offer
from darkroom.routing import (
    Bid,
    CallLimits,
    Candidate,
    Circuit,
    Conditions,
    Health,
    Limits,
    RetryBudget,
    Router,
    Standing,
    Survey,
    claim_probe,
    considered,
    rank,
)

DEADLINE_S = 900.0
CHECK_S = 5.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidate to be sent to now. ``probe``: it has to show that its deployment is well."""

    candidate: Candidate
    probe: Circuit | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause before the next attempt, which is chosen only after it."""

    pause_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """All of these could serve, and are at their limit: wait until it is the job's turn."""

    deployments: tuple[Deployment, ...]
    lane: str = ""
    """Whose job it is: those of one API key do not hold up those of another."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known outside of the transaction when the next step is chosen."""

    left_s: float = DEADLINE_S
    rested: bool = False
    """The pause before a repetition is over."""
    may_return: bool = True
    standings: Mapping[str, Standing] = field(default_factory=dict[str, Standing])


@dataclass(frozen=True, slots=True)
class Offers:
    """Offers best first, and the whole ranking as it is kept with the job."""

    ranked: tuple[Offer, ...]
    route: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Economy:
    """The time of jobs that a vendor's batch API does within a day.

    ``deadline_s`` counts from a job's start, restarts included. ``most_s`` is the longest pause
    before the vendor is asked again.
    """

    deadline_s: float = 26 * 3600.0
    most_s: float = 60.0

    def left_s(self, job: Job, now_ms: int) -> float:
        """Until the job's deadline."""
        started_ms = now_ms if job.started_at_ms is None else job.started_at_ms
        return self.deadline_s - (now_ms - started_ms) / 1000

    def pause_s(self, attempt: Attempt, now_ms: int) -> float:
        """The longer it has taken already, the longer: what is quick is noticed quickly."""
        waited_s = (now_ms - attempt.started_at_ms) / 1000
        return min(self.most_s, max(1.0, waited_s / 10))


class Dispatch:
    """Of this process: its view of the deployments' health and limits, its retry budget."""

    def __init__(
        self,
        router: Router,
        health: Health | None = None,
        limits: CallLimits | None = None,
        budget: RetryBudget | None = None,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.router = router
        self.health = health or Health(clock)
        self.limits: CallLimits = limits or Limits(clock)
        self.budget = budget or RetryBudget(clock)
        self.deadline_s = deadline_s
        """From when a process takes a job on to its end, pauses and all attempts included."""
        self.check_s = CHECK_S
        """How long a deployment has for a cheap answer before a job is risked as its probe."""
        self.economy = Economy()
        """For how long and how often a vendor's batch API is asked about a job."""
        self._clock = clock

    def ranked(self, survey: Survey, offers: Sequence[Offer], policy: Policy, draw: str) -> Offers:
        """``offers`` are those of the survey's candidates that have a price."""
        by_id = {offer.candidate.route.deployment.id: offer for offer in offers}
        bids = [Bid(offer.candidate, offer.estimate.expected_nanos) for offer in offers]
        at = Conditions(
            now_ms=self._clock(),
            standings=self.health.standings(),
            full=self.limits.full([bid.deployment for bid in bids]),
            draw=_draw(draw),
        )
        found = rank(bids, policy, at)
        priceless = (
            Considered(
                one.route.deployment.id,
                False,
                "no_economy" if one.plan.request.economy else "no_price",
            )
            for one in survey.candidates
            if one.route.deployment.id not in by_id
        )
        return Offers(
            tuple(by_id[one.bid.deployment.id] for one in found),
            considered(found, (*priceless, *survey.ruled_out)),
        )

    def text_model_answers(self, survey: Survey) -> bool:
        """Whether a text model answers at a deployment that is not known to be down."""
        standings, now = self.health.standings(), self._clock()
        found = [standings.get(_id(one)) for one in survey.candidates if one.mainline]
        return any(standing is None or not standing.circuit.blocked(now) for standing in found)

    def choose(
        self, tx: Tx, job: Job, attempts: Sequence[Attempt], moment: Moment
    ) -> Choice | Pause | Turn | Stop:
        """The next step of a job whose attempts are closed. Repeatable, as transactions are.

        A place at a deployment with limits is the job's until :meth:`CallLimits.give`.
        """
        try:
            bids = self._bids(job)
        except RequestError as error:  # the configuration changed since the job was accepted
            return Stop(error.record())
        bounds = Bounds(
            left_s=moment.left_s,
            after_refusal=job.policy.after_refusal,
            may_return=moment.may_return,
            down=frozenset(one for one, at in moment.standings.items() if at.circuit.broken),
            now_ms=self._clock(),
        )
        busy: dict[str, Deployment] = {}
        lost: set[str] = set()
        while True:
            candidates = self._order(job, bids, moment, lost)
            step = self._step(attempts, [c for c in candidates if _id(c) not in busy], bounds)
            if step is None or (busy and self._worse_than_waiting(step, moment)):
                return self._wait(busy, job, attempts, moment)
            if isinstance(step, Stop):
                return step
            if step.pause_s and not moment.rested:
                return Pause(step.pause_s)
            deployment = step.candidate.route.deployment
            if not self.limits.take(tx, deployment, job.id, job.key_id):
                busy[deployment.id] = deployment
                continue
            circuit = self._due(deployment.id, moment)
            if circuit is None or deployment.id in lost:
                return Choice(step.candidate)
            lease_ms = self.health.lease_ms(deployment)
            probe = claim_probe(tx, circuit, bounds.now_ms, lease_ms)
            if probe is not None:
                return Choice(step.candidate, probe)
            lost.add(deployment.id)

    def left(self, job: Job, deployment: str) -> Candidate | None:
        """The deployment at which an attempt of the job goes on; None: it does not serve it now."""
        try:
            bids = self._bids(job)
        except RequestError:
            return None
        return next((bid.candidate for bid in bids if bid.deployment.id == deployment), None)

    def _bids(self, job: Job) -> list[Bid]:
        """The candidates whose price the job was quoted, at that price."""
        found = self.router.candidates(job.request, job.policy)
        prices = {one.deployment: one.expected_nanos or 0 for one in job.route}
        bids = [Bid(one, prices.get(_id(one), 0)) for one in found]
        if job.quote is not None:
            bids = [bid for bid in bids if bid.deployment.id in job.quote.snapshots]
        if not bids:
            raise ModelNotFound(
                "The deployments that this job was quoted for do not serve it any more.",
                param="model",
            )
        return bids

    def _order(
        self, job: Job, bids: Sequence[Bid], moment: Moment, lost: set[str]
    ) -> list[Candidate]:
        if len(bids) == 1:
            return [bids[0].candidate]
        at = Conditions(
            now_ms=self._clock(),
            standings=moment.standings,
            avoid=frozenset(lost),
            draw=_draw(job.id),
        )
        return [one.bid.candidate for one in rank(bids, job.policy, at)]

    def _step(
        self, attempts: Sequence[Attempt], candidates: Sequence[Candidate], bounds: Bounds
    ) -> Try | Stop | None:
        return next_step(attempts, candidates, bounds) if candidates else None

    def _worse_than_waiting(self, step: Try | Stop, moment: Moment) -> bool:
        """For a healthy deployment that is only busy a job rather waits."""
        if isinstance(step, Stop) or step.pause_s or step.candidate.draws:
            return True
        standing = moment.standings.get(_id(step.candidate))
        return standing is not None and (
            standing.circuit.broken or standing.circuit.cooling(self._clock())
        )

    def _wait(
        self,
        busy: Mapping[str, Deployment],
        job: Job,
        attempts: Sequence[Attempt],
        moment: Moment,
    ) -> Turn | Stop:
        if moment.left_s > 0:
            return Turn(tuple(busy.values()), job.key_id)
        if attempts and (error := attempts[-1].error) is not None:
            return Stop(error)
        names = ", ".join(busy)
        why = Overloaded(
            f"{names} took as many requests as the configuration allows for"
            f" {self.deadline_s:.0f} s. Try again later, or raise the limits.",
            retry_after_s=60.0,
        )
        return Stop(why.record())

    def _due(self, deployment: str, moment: Moment) -> Circuit | None:
        standing = moment.standings.get(deployment)
        if standing is None or not standing.circuit.due(self._clock()):
            return None
        return standing.circuit


def _id(candidate: Candidate) -> str:
    return candidate.route.deployment.id


def _draw(job_id: str) -> float:
    """The same for one job whenever it is ranked, evenly spread over jobs."""
    return crc32(job_id.encode()) / 2**32
