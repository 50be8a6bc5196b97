"""What a request costs at each deployment that can serve it: the same code quotes and holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from darkroom.catalog import PriceBook
from darkroom.core.errors import PriceUnknown, UnsupportedValue
from darkroom.core.job import JobQuote
from darkroom.core.mainline import Mainline, MainlinePrice, prices
from darkroom.core.money import half_up
from darkroom.core.price import PPM, KeyPrices, PriceSnapshot
from darkroom.core.tokens import approximate_text_tokens
from darkroom.ledger import Estimate, Terms, estimate, price_on
from darkroom.routing import Candidate


@dataclass(frozen=True, slots=True)
class Offer:
    """One deployment's price for one request."""

    candidate: Candidate
    snapshot: PriceSnapshot
    estimate: Estimate


class Pricing:
    """Prices requests by the book of the day. Pure: nothing runs and nothing is fetched."""

    def __init__(self, book: PriceBook, today: Callable[[], date]) -> None:
        self._book = book
        self._today = today

    @property
    def sheets(self) -> Sequence[str]:
        return tuple(self._book.sheets)

    def offers(
        self, candidates: Sequence[Candidate], key: KeyPrices = KeyPrices(), sheet: str = ""
    ) -> list[Offer]:
        """What each candidate would charge; ``sheet`` prices all of them by one sheet as it is.

        Raises :class:`PriceUnknown` when not one of them has a price: an unknown price is never
        taken for zero; and :class:`UnsupportedValue` when none has an economy price that is asked
        for.
        """
        found: list[Offer] = []
        unknown: PriceUnknown | UnsupportedValue | None = None
        for candidate in candidates:
            try:
                snapshot = self._snapshot(candidate, key, sheet)
            except (PriceUnknown, UnsupportedValue) as error:
                unknown = unknown or error
                continue
            request = candidate.plan.request
            if not candidate.mainline:
                request = replace(request, mainline=None)
            tokens = approximate_text_tokens(request.prompt)
            guess = estimate(request, candidate.model, snapshot, tokens)
            found.append(Offer(candidate, snapshot, guess))
        if not found and unknown is not None:
            raise unknown
        return found

    def quote(self, offers: Sequence[Offer]) -> JobQuote:
        """The quote that a job keeps: expected at the first offer, at most at the dearest."""
        return JobQuote(
            expected_nanos=offers[0].estimate.expected_nanos,
            max_nanos=max(offer.estimate.max_nanos for offer in offers),
            snapshots={offer.candidate.route.deployment.id: offer.snapshot for offer in offers},
            saved_nanos=offers[0].estimate.saved_nanos,
        )

    def _snapshot(self, candidate: Candidate, key: KeyPrices, sheet: str) -> PriceSnapshot:
        deployment, today = candidate.route.deployment, self._today()
        economy = candidate.plan.request.economy
        if sheet:
            terms = Terms(sheet, economy=economy)
            listed = price_on(self._book, terms, candidate.model, today)
            return self._with_mainline(listed, candidate)
        terms = Terms(
            deployment.price_sheet or self._usual_sheet(candidate, today),
            half_up(deployment.price_multiplier_ppm * key.multiplier_ppm, PPM),
            deployment.price_per_image if key.per_image is None else key.per_image,
            economy,
        )
        return self._with_mainline(price_on(self._book, terms, candidate.model, today), candidate)

    def _with_mainline(self, snapshot: PriceSnapshot, candidate: Candidate) -> PriceSnapshot:
        """The price with that of the text model which answers, if one does."""
        line = candidate.plan.request.mainline
        if line is None or not candidate.mainline or snapshot.fixed_per_image is not None:
            return snapshot
        found = self._mainline(line, candidate, snapshot.price.sheet)
        price = replace(
            snapshot.price,
            mainline_in=found.into,
            mainline_cached_in=found.cached,
            mainline_out=found.out,
        )
        return replace(snapshot, price=price)

    def _mainline(self, line: Mainline, candidate: Candidate, sheet: str) -> MainlinePrice:
        name, deployment = line.text_model, candidate.route.deployment
        told = prices(deployment.options).get(name)
        if told is not None:
            return told
        listed = self._book.price(sheet, name, self._today())
        if listed is None:
            raise PriceUnknown(
                f"The price sheet {sheet!r} has no price for the text model {name!r}: the operator"
                f" must say it in the option 'responses_prices' of {deployment.id!r}.",
                param="model",
                details={"sheet": sheet, "model": name},
            )
        return MainlinePrice(listed.text_in, listed.cached_text_in, listed.text_out)

    def _usual_sheet(self, candidate: Candidate, today: date) -> str:
        """The vendor's own, or that of the first vendor of the model that has a price."""
        vendor = candidate.route.provider.vendor
        names = [vendor] if vendor else list(candidate.model.vendors)
        for name in names:
            if self._book.price(name, candidate.model.id, today) is not None:
                return name
        return names[0] if names else "none"
