"""The cases that are bursts: one request, again and again, one by one and several at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.lab import (
    DIRECT,
    EDITS,
    GENERATIONS,
    PROBLEMS,
    Bench,
    Contender,
    Report,
    Row,
    Sample,
    Upstream,
    contender,
    first_answer,
    linked_image,
    measure,
    plain_image,
    streamed_image,
    upstream,
)
from bench.load import Burst, Fetched
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
from bench.stats import median, percentile

Check = Callable[[Fetched, Contender], bytes]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requests warm up, how many go one by one, how many go together.

    ``connections`` says how many at a time: the first is what CPU time and rate are told of.
    """

    warm: int = 40
    single: int = 100
    many: int = 300
    connections: tuple[int, ...] = (8,)

    def quick(self) -> "Counts":
        """A few, to see that it works."""
        return Counts(max(2, self.warm // 8), self.single // 8, self.many // 6, self.connections)

    @property
    def levels(self) -> Mapping[int, int]:
        """How many requests at how many connections."""
        return {1: self.single} | dict.fromkeys(self.connections, self.many)

    @property
    def total(self) -> int:
        return 1 + self.warm + sum(self.levels.values())


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
    uploads: bool = False
    """Whether to tell the memory for each of the requests that are sent together."""

    def request(self, who: Contender) -> bytes:
        """The same question for everybody, with everybody's own key."""
        return http_request(self.path, self.body, who.key, self.content_type)


@dataclass(slots=True)
class Taken:
    """The samples of one row over all rounds, by the number of connections."""

    samples: dict[int, list[Sample]] = field(default_factory=dict[int, list[Sample]])
    idle_mb: list[float] = field(default_factory=list[float])
    problem: str = ""

    def latency(self, connections: int, share: float) -> float | None:
        pooled = [
            value
            for sample in self.samples.get(connections, ())
            for value in sample.measured.latencies_ms
        ]
        return percentile(pooled, share) if pooled else None

    def cpu_ms(self, connections: int) -> float:
        return median([sample.cpu_ms for sample in self.samples.get(connections, ())])

    def rate(self, connections: int) -> float:
        """Good answers per second."""
        runs = [sample.measured for sample in self.samples.get(connections, ())]
        return median([len(run.latencies_ms) / run.seconds for run in runs])


def hot() -> Case:
    counts = Counts(connections=(8, 32))
    return Case("image of 2 MiB as b64_json", json_request(), plain_image, counts)


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
    return _edit_of("edit of 4 images of 5 MB", metadata=False)


def _photos() -> Case:
    return _edit_of("edit of 4 images of 5 MB with metadata in them", metadata=True)


def _edit_of(title: str, *, metadata: bool) -> Case:
    return Case(
        title,
        edit_request(metadata=metadata),
        plain_image,
        Counts(warm=4, single=8, many=32, connections=(4,)),
        EDITS,
        f"multipart/form-data; boundary={BOUNDARY}",
        stored=22_000_000,
        uploads=True,
    )


BURSTS: Mapping[str, Callable[[], Case]] = {
    "hot": hot,
    "url": _url,
    "small": _small,
    "sse": _sse,
    "edit": _edit,
    "photos": _photos,
}


def burst_case(case: Case, names: Sequence[str], bench: Bench) -> Report:
    """Rounds over fresh processes, interleaved: every row once per round."""
    counts = case.counts.quick() if bench.quick else case.counts
    rows = [DIRECT, *names] if case.direct else list(names)
    taken = {row: Taken() for row in rows}
    with upstream(Picture(png(case.image_bytes)), case.image_bytes) as mock:
        for _ in range(bench.rounds):
            for row in rows:
                if not taken[row].problem:
                    taken[row].problem = _round(case, mock, bench, row, taken[row])
    return [burst_row(case, row, taken, counts) for row in rows]


def _round(case: Case, mock: Upstream, bench: Bench, row: str, taken: Taken) -> str:
    counts = case.counts.quick() if bench.quick else case.counts
    try:
        with contender(row, mock, bench, counts.total * case.stored) as who:
            request = case.request(who)
            first_answer(who, mock, request, case.check)
            measure(who, Burst(who.port, request, counts.connections[0], counts.warm))
            taken.idle_mb.append(who.memory().rss_mb)
            for connections, total in counts.levels.items():
                sample = measure(who, Burst(who.port, request, connections, total))
                taken.samples.setdefault(connections, []).append(sample)
    except PROBLEMS as error:
        return str(error)
    return ""


def burst_row(case: Case, row: str, taken: Mapping[str, Taken], counts: Counts) -> Row:
    """One line of the table, beside the upstream's and the floor's."""
    mine, direct, floor = taken[row], taken.get(DIRECT), taken.get("floor")
    line: Row = {"": row}
    usual = counts.connections[0]
    if mine.problem or usual not in mine.samples:
        return {**line, "problem": mine.problem}
    measurable = row != DIRECT
    cpu = mine.cpu_ms(usual)
    line["CPU ms"] = cpu if measurable else None
    if floor and (base := floor.cpu_ms(usual)):
        line["× floor"] = cpu / base if measurable else None
    line["req/s"] = mine.rate(usual)
    for connections in counts.levels:
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            value = mine.latency(connections, share)
            line[f"{name} c{connections}"] = value
            if direct:
                base = direct.latency(connections, share)
                apart = None if base is None or value is None else value - base
                line[f"+{name} c{connections}"] = apart if measurable else None
    if measurable:
        idle = median(mine.idle_mb)
        peak = max(sample.memory.peak_mb for sample in mine.samples[usual])
        line |= {"RSS MB": idle, "peak MB": peak}
        if case.uploads:
            line["MB per upload"] = (peak - idle) / usual
    line["failed"] = sum(s.measured.failed for level in mine.samples.values() for s in level)
    return line
