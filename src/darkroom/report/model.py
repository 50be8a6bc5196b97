"""What a report shows, worked out from runs: exact amounts that add up, and nothing of HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from darkroom.report.runs import FAILED, SUCCEEDED, Run, RunFile

CATEGORIES = (
    *("text_in", "cached_text_in", "image_in", "cached_image_in", "text_out", "image_out"),
    *("image", "megapixel", "fixed"),
)
"""The order of rows and columns; what is not here comes after."""
_CREDITS_PER_DOLLAR = 68
_NANOS_PER_DOLLAR = 1_000_000_000
_UNKNOWN_RATIO = (1, 1)


@dataclass(frozen=True, slots=True)
class Fact:
    """``asked`` and ``got`` as people read them; "" when unknown."""

    name: str
    asked: str
    got: str

    @property
    def differs(self) -> bool:
        """Whether something else came than was asked for. ``auto`` takes what comes."""
        return bool(self.asked and self.got) and self.asked not in (self.got, "auto")


@dataclass(frozen=True, slots=True)
class Card:
    """One image; or, with no ``file``, one run that made none."""

    number: int
    """From 1, in the order of the page."""
    run: Run
    file: RunFile | None
    position: int
    """Of the run's images, from 1."""
    nanos: int
    """The image's share of the charge; the shares of a run's images add up to it."""

    @property
    def ratio(self) -> tuple[int, int]:
        """Width and height, for the room that it takes."""
        if self.file is not None and self.file.width > 0 and self.file.height > 0:
            return self.file.width, self.file.height
        return _UNKNOWN_RATIO

    @property
    def outcome(self) -> str:
        """``made``, ``gone`` (made, but not kept), ``refused``, or what the run's state says."""
        if self.file is not None:
            return "made" if self.file.path else "gone"
        if self.run.is_refused:
            return "refused"
        return "gone" if self.run.state == SUCCEEDED else self.run.state

    @property
    def size(self) -> str:
        """As made; as asked where nothing was made."""
        if self.file is not None and self.file.width:
            return f"{self.file.width}×{self.file.height}"
        return _sized(_asked(self.run, "size"))

    @property
    def facts(self) -> tuple[Fact, ...]:
        run, file = self.run, self.file
        media_type = "" if file is None else file.media_type.removeprefix("image/")
        return (
            Fact("size", _sized(_asked(run, "size")), "" if file is None else self.size),
            Fact("quality", _asked(run, "quality"), run.quality),
            Fact("model", run.model, run.served_model),
            Fact("format", _asked(run, "output_format"), media_type),
        )


@dataclass(frozen=True, slots=True)
class CategoryTotal:
    """All lines of one category at one price."""

    category: str
    unit_nanos: int
    quantity: int
    amount_nanos: int


@dataclass(frozen=True)
class Report:
    """The runs in the order of the page."""

    runs: tuple[Run, ...]
    title: str = ""
    credits: bool = False
    """Whether amounts are shown in credits, too."""

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        made: list[Card] = []
        for run in self.runs:
            shares = _shares(run.charged_nanos, max(1, len(run.files)))
            files: Sequence[RunFile | None] = run.files or (None,)
            for position, (file, nanos) in enumerate(zip(files, shares, strict=True), start=1):
                made.append(Card(len(made) + 1, run, file, position, nanos))
        return tuple(made)

    @property
    def images(self) -> int:
        return sum(len(run.files) for run in self.runs)

    @property
    def succeeded(self) -> int:
        return sum(run.state == SUCCEEDED for run in self.runs)

    @property
    def refused(self) -> int:
        return sum(run.is_refused for run in self.runs)

    @property
    def failed(self) -> int:
        return sum(run.state == FAILED for run in self.runs) - self.refused

    @property
    def unfinished(self) -> int:
        """Not ended, or canceled."""
        return len(self.runs) - self.succeeded - self.refused - self.failed

    @property
    def charged_nanos(self) -> int:
        return sum(run.charged_nanos for run in self.runs)

    @property
    def per_image_nanos(self) -> int | None:
        """To the nearest nano-dollar."""
        if not self.images:
            return None
        return (2 * self.charged_nanos + self.images) // (2 * self.images)

    @property
    def seconds(self) -> tuple[float, float] | None:
        """The median of the runs that made something, and the slowest."""
        times = [run.seconds for run in self.runs if run.seconds is not None and run.files]
        return (median(times), max(times)) if times else None

    @property
    def prompt(self) -> str:
        """What all have in common; "" when they differ."""
        return self.runs[0].prompt if len({run.prompt for run in self.runs}) == 1 else ""

    @property
    def is_sandbox(self) -> bool:
        return any(run.sandbox for run in self.runs)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Those that were charged for, in order; "" for what has no lines."""
        found = {total.category for total in self.totals}
        return tuple(sorted(found, key=_rank))

    @cached_property
    def totals(self) -> tuple[CategoryTotal, ...]:
        """They add up to :attr:`charged_nanos`."""
        sums: dict[tuple[str, int], tuple[int, int]] = {}
        for run in self.runs:
            for line in run.charge.lines if run.charge else ():
                quantity, amount = sums.get((line.category, line.unit_nanos), (0, 0))
                key = (line.category, line.unit_nanos)
                sums[key] = (quantity + line.quantity, amount + line.amount_nanos)
        rest = self.charged_nanos - sum(amount for _, amount in sums.values())
        if rest:  # a charge without its lines
            sums[("", 0)] = (0, rest)
        ordered = sorted(sums, key=lambda key: (_rank(key[0]), key[1]))
        return tuple(CategoryTotal(*key, *sums[key]) for key in ordered)

    @property
    def has_factors(self) -> bool:
        """Whether an amount is not simply its quantity at the list price."""
        return any(t.category and t.quantity * t.unit_nanos != t.amount_nanos for t in self.totals)


def amount_in(run: Run, category: str) -> int:
    """What the run was charged in one category; with "", what no line accounts for."""
    lines = run.charge.lines if run.charge else ()
    if not category:
        return run.charged_nanos - sum(line.amount_nanos for line in lines)
    return sum(line.amount_nanos for line in lines if line.category == category)


def exact_credits(nanos: int) -> str:
    """In credits to the last digit, so that a column of them adds up, as rounded ones do not."""
    whole, rest = divmod(abs(nanos) * _CREDITS_PER_DOLLAR, _NANOS_PER_DOLLAR)
    decimals = f"{rest:09d}".rstrip("0")
    return f"{'-' if nanos < 0 else ''}{whole}{f'.{decimals}' if decimals else ''}"


def _shares(nanos: int, many: int) -> tuple[int, ...]:
    """As equal as whole numbers can be: 10 by 3 is 4, 3, 3."""
    each, rest = divmod(nanos, many)
    return tuple(each + (at < rest) for at in range(many))


def _asked(run: Run, name: str) -> str:
    value = run.request.get(name)
    return "" if value is None else str(value)


def _sized(text: str) -> str:
    width, by, height = text.partition("x")
    return f"{width}×{height}" if by and width.isdigit() and height.isdigit() else text


def _rank(category: str) -> tuple[int, str]:
    known = category in CATEGORIES
    return (CATEGORIES.index(category) if known else len(CATEGORIES), category or "~")
