"""Renders a report as HTML, piece by piece, under a policy that lets nothing else in."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING

from darkroom import __version__
from darkroom.core.money import dollars, lined_up
from darkroom.report.chart import Chart, chart
from darkroom.report.model import Card, CategoryTotal, Report, amount_in, exact_credits
from darkroom.report.pictures import NONE, Pictures
from darkroom.report.runs import Run
from darkroom.report.words import WORDS

if TYPE_CHECKING:
    from jinja2 import Template

_TOKENS_PER_PRICE = 1_000_000
_TITLE_MAX = 80
_MANY = 8
"""From so many images on, they are shown smaller."""
_ROW_MIN, _ROW_MAX = 200, 385
"""Ratios in hundredths, added up, that fill one row just by themselves."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """An amount and, where they are shown, its credits."""

    usd: str
    credits: str


class _View:
    """What the template asks for; all of it is text, or numbers to compare."""

    def __init__(self, report: Report, pictures: Pictures, lang: str) -> None:
        self.report = report
        self.lang = lang
        self.words = WORDS[lang]
        self._pictures = pictures
        self._number_of = {id(run): at for at, run in enumerate(report.runs, start=1)}

    @property
    def title(self) -> str:
        return self.report.title or self.words["report"]

    @property
    def tab(self) -> str:
        """The document's title: a page among many is found by its prompt."""
        said = " ".join(self.report.prompt.split())
        shown = said if len(said) <= _TITLE_MAX else f"{said[: _TITLE_MAX - 1]}…"
        return f"{shown} · {self.title}" if shown and not self.report.title else self.title

    @cached_property
    def outcomes(self) -> Mapping[int, str]:
        """By the card's number."""
        return {card.number: self._outcome(card) for card in self.report.cards}

    def _outcome(self, card: Card) -> str:
        is_lost = card.file is None or not self._pictures.holds(card.file)
        return "gone" if card.outcome == "made" and is_lost else card.outcome

    @cached_property
    def ratios(self) -> Sequence[str]:
        """Distinct ones, as CSS writes them: the policy allows no style but the one element."""
        return list(dict.fromkeys(self.ratio(card) for card in self.report.cards))

    def ratio(self, card: Card) -> str:
        width, height = card.ratio
        return f"{width} / {height}"

    def ratio_class(self, card: Card) -> str:
        return f"r{self.ratios.index(self.ratio(card))}"

    @property
    def layout(self) -> str:
        """``one-row``, ``many`` or ``few``."""
        cards = self.report.cards
        total = sum(card.ratio[0] * 100 // card.ratio[1] for card in cards)
        if len(cards) > 1 and _ROW_MIN <= total <= _ROW_MAX:
            return "one-row"
        return "many" if len(cards) >= _MANY else "few"

    def source(self, card: Card) -> Iterator[str]:
        return self._pictures.source(card.file) if card.file else iter(())

    def link(self, card: Card) -> str:
        return self._pictures.link(card.file) if card.file else ""

    def about(self, card: Card) -> str:
        """The text in an image's place."""
        return f"{' '.join(card.run.prompt.split())} ({card.size})"

    def chain(self, run: Run) -> str:
        """Who was asked, in order, with what went wrong."""
        said = (
            f"{one.deployment} ({one.error})" if one.error else one.deployment
            for one in run.attempts
        )
        return " → ".join(said) or run.deployment

    def seconds(self, count: float | None) -> str:
        if count is None:
            return ""
        return self.words["unit_s"].format(count=f"{count:.1f}")

    def money(self, nanos: int) -> str:
        return _usd(nanos)

    def credits(self, nanos: int) -> str:
        return exact_credits(nanos)

    @cached_property
    def card_amounts(self) -> Sequence[str]:
        """With the same decimals, so that they can be compared at a glance."""
        return lined_up([_usd(card.nanos) for card in self.report.cards])

    @cached_property
    def chart(self) -> Chart:
        amounts = self.card_amounts
        return chart(
            [
                (self._label(card), amounts[at], card.nanos)
                for at, card in enumerate(self.report.cards)
            ]
        )

    @property
    def highest(self) -> str:
        return _usd(max((card.nanos for card in self.report.cards), default=0))

    def _label(self, card: Card) -> str:
        quality = next((fact.got for fact in card.facts if fact.name == "quality"), "")
        model = card.run.served_model or card.run.model
        several = len({run.served_model or run.model for run in self.report.runs}) > 1
        outcome = self.outcomes[card.number]
        told = "" if outcome in ("made", "gone") else self.words.get(outcome, outcome)
        parts = (f"{card.number}", card.size, quality, model if several else "", told)
        return " · ".join(part for part in parts if part)

    def category(self, name: str) -> str:
        return self.words.get(name or "other", name.replace("_", " "))

    def price(self, total: CategoryTotal) -> str:
        """Tokens are priced by the million, as vendors print it."""
        if not total.category:
            return ""
        if total.category.endswith(("_in", "_out")):
            amount = _usd(total.unit_nanos * _TOKENS_PER_PRICE)
            return self.words["per_million"].format(amount=amount)
        return self.words["each"].format(amount=_usd(total.unit_nanos))

    @cached_property
    def totals(self) -> Sequence[_Cell]:
        """The amounts of the categories, then their sum."""
        nanos = [total.amount_nanos for total in self.report.totals]
        return _cells([*nanos, self.report.charged_nanos])

    @cached_property
    def matrix(self) -> Sequence[Sequence[_Cell]]:
        """A row per run and one for the sums; a column per category and one for the sums."""
        rows = [
            [*(amount_in(run, name) for name in self.report.categories), run.charged_nanos]
            for run in self.report.runs
        ]
        rows.append([sum(row[at] for row in rows) for at in range(len(self.report.categories) + 1)])
        columns = [_cells(column) for column in zip(*rows, strict=True)]
        return list(zip(*columns, strict=True))

    def number(self, run: Run) -> int:
        return self._number_of[id(run)]

    def cards_of(self, run: Run) -> Sequence[Card]:
        return [card for card in self.report.cards if card.run is run]

    def request(self, run: Run) -> str:
        asked = {"prompt": run.prompt, "model": run.model, **run.request}
        return json.dumps(asked, ensure_ascii=False, indent=2)


def render(
    report: Report, pictures: Pictures, made_at: datetime, lang: str = "en"
) -> Iterator[str]:
    """The page in pieces: embedded images are read only while they are written.

    ``made_at`` has a time zone; ``lang`` is one of ``WORDS``.
    """
    view = _View(report, pictures, lang)
    style = _asset("report.css") + "".join(
        f".r{at} {{ aspect-ratio: {ratio}; }} .r{at}-box {{ --ratio: calc({ratio}); }}\n"
        for at, ratio in enumerate(view.ratios)
    )
    script = _asset("viewer.js")
    return _template().generate(
        view=view,
        report=report,
        w=view.words,
        lang=lang,
        made_at=made_at,
        version=__version__,
        style=style,
        script=script,
        policy=_policy(style, script, pictures.embed),
    )


def _policy(style: str, script: str, embed: str) -> str:
    beside = " 'self' file:" if embed == NONE else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"img-src data:{beside}",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    return environment.from_string(_asset("page.html"))


def _asset(name: str) -> str:
    """Of this package. The template marks style and script as safe: they are these files."""
    return (files("darkroom.report") / name).read_text(encoding="utf-8")


def _cells(nanos: Sequence[int]) -> list[_Cell]:
    """A column: decimal point under decimal point."""
    usd = lined_up([_usd(one) for one in nanos])
    credits = lined_up([exact_credits(one) for one in nanos])
    return [_Cell(*pair) for pair in zip(usd, credits, strict=True)]


def _usd(nanos: int) -> str:
    return f"{'-' if nanos < 0 else ''}${dollars(abs(nanos))}"
