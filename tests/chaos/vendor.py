"""Vendors that fail by chance, and keep the books from which a vendor would write its bill."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.fakes.openai_answers import usage_of
from tests.fakes.openai_faults import Fault, Plan, Script
from tests.fakes.openai_refusals import Reply
from tests.fakes.openai_vendor import OpenAIVendor, understood
from tests.fakes.recording import Received

Moods = Sequence[tuple[int, Plan]]
"""What may happen to a request, each with its weight."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A request that a vendor bills: its images were made, whether or not they arrived.

    ``request_id`` is told with the answer; ``tokens`` are text tokens in and image tokens out.
    """

    request_id: str
    deployment: str
    prompt: str
    images: int
    tokens: tuple[int, int]


MOODS: Moods = (
    (46, Plan()),
    (14, Plan(delay_s=0.03)),
    (8, Plan(delay_s=0.3)),
    (2, Plan(delay_s=1.0)),
    (5, Plan(Fault.SERVER_ERROR)),
    (4, Plan(Fault.RATE_LIMITED, retry_after="1")),
    (3, Plan(Fault.OVERLOADED)),
    (3, Plan(Fault.MODERATION_BLOCKED)),
    (3, Plan(Fault.RESET)),
    (3, Plan(Fault.RESET_MID_BODY)),
    (2, Plan(Fault.CUT_BODY)),
    (2, Plan(Fault.SSE_RESET)),
    (2, Plan(Fault.SSE_CUT)),
    (1, Plan(Fault.HANG)),
)
"""About every third request meets something; of these, a half may have been billed."""


class _Chance(Script):
    """Draws a plan for each request, the same in every run for the n-th request of a prompt."""

    def __init__(self, seed: str, of: Moods) -> None:
        super().__init__(bought_at=OpenAIVendor.bought_at)
        self._seed = seed
        self._plans = [what for _, what in of]
        self._weights = [weight for weight, _ in of]

    def take(self, path: str, prompt: str) -> Plan:
        if not prompt:  # a look at the list of models
            return Plan()
        with self.lock:
            self.marks[prompt] += 1
            number = self.marks[prompt]
        chance = random.Random(f"{self._seed} {prompt} {number}")
        return chance.choices(self._plans, self._weights)[0]


class FlakyVendor(OpenAIVendor):
    """``purchases`` are the vendor's own books: nobody asks it, and it bills every one of them."""

    def __init__(self, name: str, seed: int) -> None:
        super().__init__(name)
        self.script = _Chance(f"{seed} {name}", MOODS)
        self.purchases: list[Purchase] = []

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        reply, what = super().decide(arrived, problem)
        if reply.status != 200 or not arrived.path.endswith("/images/generations"):
            return reply, what
        asked = understood(arrived)
        usage = usage_of(replace(asked, n=1) if asked.stream else asked)
        bought = Purchase(
            request_id=f"{self.name}-{len(self.purchases)}",
            deployment=self.name,
            prompt=asked.prompt,
            images=asked.n,
            tokens=(usage["input_tokens_details"]["text_tokens"], usage["output_tokens"]),
        )
        self.purchases.append(bought)
        return replace(reply, headers={**reply.headers, "x-request-id": bought.request_id}), what
