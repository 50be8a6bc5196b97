"""What the rooms tell of their work, to whoever listens: metrics and traces."""

from dataclasses import dataclass

from darkroom.core.deployment import Deployment
from darkroom.core.job import Attempt, Job
from darkroom.core.result import ProviderResult


@dataclass(frozen=True, slots=True)
class AttemptCall:
    """An attempt as it is made: for which job, where, and the model by the endpoint's own name."""

    job: Job
    attempt: Attempt
    deployment: Deployment
    upstream_model: str


@dataclass(frozen=True, slots=True)
class Posted:
    """One POST of a webhook. ``outcome`` is the state of its delivery after it.

    ``lag_s`` counts from the event to this moment.
    """

    outcome: str
    duration_s: float
    lag_s: float


class Observer:
    """Hears of nothing: a listener overrides what it wants to hear.

    Told on the event loop's thread, once the transaction has committed. A method returns at once
    and raises nothing, for a paid job must not depend on it.
    """

    def job_accepted(self, job: Job) -> None:
        """It is in the database now."""

    def job_taken(self, job: Job) -> None:
        """This process runs it from here on; told once per run, before its first attempt."""

    def job_ended(self, job: Job) -> None:
        """It has its end, its real charge and its results. Told by the process that ended it."""

    def job_left(self, job_id: str) -> None:
        """This process does not run it any more, whether it has ended or not."""

    def attempt_began(self, call: AttemptCall) -> None:
        """It is in the database, and goes out now."""

    def attempt_ended(
        self, call: AttemptCall, attempt: Attempt, result: ProviderResult | None
    ) -> None:
        """``attempt`` as it was closed; ``result`` of one that succeeded."""

    def attempt_lost(self, job: Job, attempt: Attempt) -> None:
        """Its process died while it was made, and nobody knows how it went."""

    def webhook_posted(self, posted: Posted) -> None:
        """A receiver was told, or could not be."""

    def removed(self, what: str, count: int, byte_size: int) -> None:
        """A chore removed something that is no longer needed."""

    def transacted(self, kind: str, seconds: float, *, failed: bool) -> None:
        """A transaction (``read`` or ``write``) with the time it waited for its turn."""
