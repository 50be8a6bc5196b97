"""The list of cases: their titles, and who measures them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.begin import begin_case
from bench.bursts import BURSTS, burst_case
from bench.crowd import load_case
from bench.gateways import GATEWAYS
from bench.hooks import hooks_case
from bench.lab import Bench, Report
from bench.start import start_case
from bench.tasks import get_case, poll_case
from bench.waiting import memory_case, together_case


@dataclass(frozen=True, slots=True)
class Special:
    """A case that is no burst."""

    title: str
    rows: Callable[[Sequence[str], Bench], Report]


SPECIALS: Mapping[str, Special] = {
    "poll": Special("tasks submitted, and shown while their upstream works", poll_case),
    "get": Special("a finished job shown", get_case),
    "begin": Special("from the submission to the upstream's call", begin_case),
    "hooks": Special("webhooks, each refused once", hooks_case),
    "mem": Special("memory with many requests waiting", memory_case),
    "together": Special("memory with answers of 2 MiB that come at one moment", together_case),
    "load": Special("jobs, slow connections and large uploads at once", load_case),
    "start": Special("cold start to the first image", start_case),
}
CASES = (*BURSTS, *SPECIALS)


def run_case(name: str, against: Sequence[str], bench: Bench) -> dict[str, Any]:
    """The title and the rows of one case."""
    names = [each for each in against if name in GATEWAYS[each].cases]
    if name in SPECIALS:
        special = SPECIALS[name]
        return {"case": name, "title": special.title, "rows": special.rows(names, bench)}
    burst = BURSTS[name]()
    return {"case": name, "title": burst.title, "rows": burst_case(burst, names, bench)}
