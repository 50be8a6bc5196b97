"""The cases: which requests are sent to which gateways, and what is reported of them."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.crowd import load_case
from bench.gateways import GATEWAYS
from bench.lab import (
    DIRECT,
    Bench,
    Contender,
    Sample,
    Upstream,
    WrongAnswer,
    contender,
    first_answer,
    linked_image,
    measure,
    plain_image,
    run_async,
    streamed_image,
    upstream,
)
from bench.load import Burst, Fetched, Measured, fire
from bench.payloads import (
    BOUNDARY,
    IMAGE_BYTES,
    SMALL_BYTES,
    Picture,
    edit_request,
    http_request,
    json_request,
    png,
)
from bench.proc import Memory
from bench.process import DidNotStart
from bench.space import NoRoom
from bench.stats import median, percentile
from bench.table import Cell

GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"

Check = Callable[[Fetched, Contender], bytes]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requests warm up, how many go one by one, how many go together and how."""

    warm: int = 40
    single: int = 100
    many: int = 300
    connections: int = 8

    def quick(self) -> "Counts":
        """A few, to see that it works."""
        return Counts(max(2, self.warm // 8), self.single // 8, self.many // 6, self.connections)

    @property
    def total(self) -> int:
        return 1 + self.warm + self.single + self.many


@dataclass(frozen=True, slots=True)
class Case:
    """One table. ``stored`` is how many bytes one request leaves behind."""

    title: str
    body: bytes = field(repr=False)
    check: Check
    counts: Counts = Counts()
    path: str = GENERATIONS
    content_type: str = "application/json"
    image_bytes: int = IMAGE_BYTES
    stored: int = IMAGE_BYTES
    direct: bool = True

    def request(self, who: Contender) -> bytes:
        """The same question for everybody, with everybody's own key."""
        return http_request(self.path, self.body, who.key, self.content_type)


@dataclass(slots=True)
class Taken:
    """The samples of one row over all rounds."""

    single: list[Sample] = field(default_factory=list[Sample])
    many: list[Sample] = field(default_factory=list[Sample])
    idle_mb: list[float] = field(default_factory=list[float])
    problem: str = ""

    def latency(self, samples: Sequence[Sample], share: float) -> float | None:
        pooled = [value for each in samples for value in each.measured.latencies_ms]
        return percentile(pooled, share) if pooled else None


Report = list[dict[str, Cell]]


def _hot() -> Case:
    return Case("image of 2 MiB as b64_json", json_request(), plain_image)


def _url() -> Case:
    body = json_request(response_format="url")
    return Case("image of 2 MiB as a link", body, linked_image, direct=False)


def _small() -> Case:
    return Case(
        "image of 1 KB",
        json_request(),
        plain_image,
        Counts(warm=200, single=400, many=2000),
        image_bytes=SMALL_BYTES,
        stored=16_384,
    )


def _sse() -> Case:
    body = json_request(stream=True, partial_images=3)
    counts = Counts(warm=10, single=20, many=80)
    return Case(
        "stream of 3 partial images and the final one, 8 MiB",
        body,
        streamed_image,
        counts,
        stored=4 * IMAGE_BYTES,
    )


def _edit() -> Case:
    return Case(
        "edit of 4 images of 5 MB",
        edit_request(),
        plain_image,
        Counts(warm=4, single=8, many=32, connections=4),
        EDITS,
        f"multipart/form-data; boundary={BOUNDARY}",
        stored=22_000_000,
    )


BURSTS: Mapping[str, Callable[[], Case]] = {
    "hot": _hot,
    "url": _url,
    "small": _small,
    "sse": _sse,
    "edit": _edit,
}


def burst_case(case: Case, name: str, names: Sequence[str], bench: Bench) -> Report:
    """Rounds over fresh processes, interleaved: every row once per round."""
    counts = case.counts.quick() if bench.quick else case.counts
    rows = [DIRECT, *names] if case.direct else list(names)
    taken = {row: Taken() for row in rows}
    with upstream(Picture(png(case.image_bytes)), case.image_bytes) as mock:
        for _ in range(bench.rounds):
            for row in rows:
                if not taken[row].problem:
                    taken[row].problem = _round(case, row, mock, bench, counts, taken[row])
    return [_burst_row(row, taken, counts) for row in rows]


def _round(case: Case, row: str, mock: Upstream, bench: Bench, counts: Counts, taken: Taken) -> str:
    try:
        with contender(row, mock, bench, counts.total * case.stored) as who:
            request = case.request(who)
            first_answer(who, mock, request, case.check)
            measure(who, Burst(who.port, request, counts.connections, counts.warm))
            taken.idle_mb.append(who.memory().rss_mb)
            taken.single.append(measure(who, Burst(who.port, request, 1, counts.single)))
            burst = Burst(who.port, request, counts.connections, counts.many)
            taken.many.append(measure(who, burst))
    except (DidNotStart, WrongAnswer, NoRoom) as error:
        return str(error)
    return ""


def _burst_row(row: str, taken: Mapping[str, Taken], counts: Counts) -> dict[str, Cell]:
    mine, direct, floor = taken[row], taken.get(DIRECT), taken.get("floor")
    line: dict[str, Cell] = {"": row}
    if mine.problem or not mine.many:
        return {**line, "problem": mine.problem}
    cpu = median([sample.cpu_ms for sample in mine.many])
    line["CPU ms"] = cpu if row != DIRECT else None
    if floor and floor.many:
        base = median([sample.cpu_ms for sample in floor.many])
        line["× floor"] = cpu / base if base and row != DIRECT else None
    line["req/s"] = median([len(s.measured.latencies_ms) / s.measured.seconds for s in mine.many])
    many = f"c{counts.connections}"
    for label, attribute in (("c1", "single"), (many, "many")):
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            value = mine.latency(getattr(mine, attribute), share)
            line[f"{name} {label}"] = value
            base = direct.latency(getattr(direct, attribute), share) if direct else None
            if direct:
                apart = None if base is None or value is None else value - base
                line[f"+{name} {label}"] = apart if row != DIRECT else None
    if row != DIRECT:
        line["RSS MB"] = median(mine.idle_mb)
        line["peak MB"] = max(sample.memory.peak_mb for sample in mine.many)
    line["failed"] = sum(s.measured.failed for s in (*mine.single, *mine.many))
    return line


# Memory with many waiting ------------------------------------------------------------------------

IN_FLIGHT = 400
DELAY_S = 5.0


def memory_case(names: Sequence[str], bench: Bench) -> Report:
    """Resident memory: idle, with 400 requests waiting for their upstream, afterwards."""
    waiting = 40 if bench.quick else IN_FLIGHT
    delay = 1.0 if bench.quick else DELAY_S
    lines: Report = []
    for name in names:
        picture = Picture(png(IMAGE_BYTES))
        try:
            with (
                upstream(picture, IMAGE_BYTES, delay) as mock,
                contender(name, mock, bench, (waiting + 20) * IMAGE_BYTES) as who,
            ):
                lines.append(_memory_row(who, mock, waiting, delay))
        except (DidNotStart, WrongAnswer, NoRoom) as error:
            lines.append({"": name, "problem": str(error)})
    return lines


def _memory_row(who: Contender, mock: Upstream, waiting: int, delay: float) -> dict[str, Cell]:
    case = _hot()
    request = case.request(who)
    first_answer(who, mock, request, case.check)
    idle = who.memory()
    measured, while_waiting = run_async(_fire_and_look(who, request, waiting, delay))
    peak = who.memory().peak_mb
    time.sleep(1 if waiting < IN_FLIGHT else 5)
    after = who.memory()
    return {
        "": who.name,
        "in flight": waiting,
        "idle MB": idle.rss_mb,
        "waiting MB": while_waiting.rss_mb,
        "kB per waiting": (while_waiting.rss_mb - idle.rss_mb) * 1024 / waiting,
        "peak MB": peak,
        "after MB": after.rss_mb,
        "p50 ms": percentile(measured.latencies_ms, 0.5),
        "p99 ms": percentile(measured.latencies_ms, 0.99),
        "failed": measured.failed,
    }


async def _fire_and_look(
    who: Contender, request: bytes, waiting: int, delay: float
) -> tuple[Measured, Memory]:
    async def look() -> Memory:
        await asyncio.sleep(delay * 0.8)
        return who.memory()

    burst = Burst(who.port, request, waiting, waiting)
    measured, seen = await asyncio.gather(fire(burst), look())
    return measured, seen


# Cold start --------------------------------------------------------------------------------------


def start_case(names: Sequence[str], bench: Bench) -> Report:
    """From exec to the first 200 of a real generation, each time on an empty directory."""
    case = _hot()
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    problems: dict[str, str] = {}
    with upstream(Picture(png(IMAGE_BYTES)), IMAGE_BYTES) as mock:
        for _ in range(max(bench.rounds, 1 if bench.quick else 5)):
            for name in names:
                if name in problems:
                    continue
                try:
                    with contender(name, mock, bench, 4 * IMAGE_BYTES) as who:
                        listens = time.perf_counter() - who.launched
                        first_answer(who, mock, case.request(who), case.check)
                        answers = time.perf_counter() - who.launched
                        found[name].append((listens, answers, who.cpu_seconds()))
                except (DidNotStart, WrongAnswer, NoRoom) as error:
                    problems[name] = str(error)
    return [_start_row(name, found[name], problems.get(name, "")) for name in names]


def _start_row(
    name: str, found: Sequence[tuple[float, float, float]], problem: str
) -> dict[str, Cell]:
    if problem:
        return {"": name, "problem": problem}
    listens, answers, cpu = ([each[i] * 1000 for each in found] for i in range(3))
    return {
        "": name,
        "listens ms": median(listens),
        "first answer ms": median(answers),
        "fastest ms": min(answers),
        "CPU ms": median(cpu),
    }


# The list ----------------------------------------------------------------------------------------

CASES = (*BURSTS, "mem", "load", "start")


def run_case(name: str, against: Sequence[str], bench: Bench) -> dict[str, Any]:
    """The title and the rows of one case."""
    names = [each for each in against if name in GATEWAYS[each].cases]
    if name == "mem":
        title, rows = "memory with many requests waiting", memory_case(names, bench)
    elif name == "load":
        title, rows = "jobs, slow connections and large uploads at once", load_case(names, bench)
    elif name == "start":
        title, rows = "cold start to the first image", start_case(names, bench)
    else:
        case = BURSTS[name]()
        title, rows = case.title, burst_case(case, name, names, bench)
    return {"case": name, "title": title, "rows": rows}
