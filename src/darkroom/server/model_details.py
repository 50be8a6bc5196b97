"""What a client may want to know of a model before it asks: dates, prices, what is done here."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from darkroom.catalog.matrix import done_here
from darkroom.core.capability import Availability, ModelSpec
from darkroom.core.errors import PriceUnknown, RequestError
from darkroom.core.money import dollars
from darkroom.core.price import Price
from darkroom.core.request import ImageRequest, Operation
from darkroom.jobs.pricing import Offer
from darkroom.routing import Candidate, ServedModel
from darkroom.server.keys import Principal
from darkroom.server.native import shown_money
from darkroom.wiring import Services

_MILLION = 1_000_000
_TOKENS = ("text_in", "cached_text_in", "image_in", "cached_image_in", "image_out", "text_out")


def details(services: Services, served: ServedModel, principal: Principal) -> dict[str, Any]:
    """What ``details=true`` adds to a model of the list; prices are those of the caller's key."""
    spec, today = served.spec, services.router.today
    return {
        "family": spec.family,
        "doc_url": spec.doc_url,
        "successor": spec.successor,
        "vendors": [_vendor(name, dates, today) for name, dates in spec.vendors.items()],
        "deployments": list(_deployments(services, served, principal)),
        "done_here": done_here(spec),
    }


def _vendor(name: str, dates: Availability, today: date) -> dict[str, Any]:
    return {
        "vendor": name,
        "released": _day(dates.released),
        "deprecated": _day(dates.deprecated),
        "shutdown": _day(dates.shutdown),
        "days_left": None if dates.shutdown is None else (dates.shutdown - today).days,
    }


def _deployments(
    services: Services, served: ServedModel, principal: Principal
) -> Iterator[dict[str, Any]]:
    ends = {end.deployment: end for end in served.shutdowns}
    offers = _offers(services, served.spec, principal)
    for name in served.deployments:
        route = services.router.route(name)
        if route is None:
            continue
        end = ends.get(name)
        yield {
            "id": name,
            "provider": route.provider.name,
            "region": route.deployment.region,
            "shutdown": None if end is None else end.day.isoformat(),
            "days_left": None if end is None else end.days_left,
            "price": _price(offers.get(name, {})),
        }


def _offers(
    services: Services, spec: ModelSpec, principal: Principal
) -> Mapping[str, Mapping[str, Offer]]:
    """What each deployment asks for one picture of the usual size, by deployment and quality."""
    found: dict[str, dict[str, Offer]] = {}
    for quality in spec.qualities or ("auto",):
        request = ImageRequest(
            operation=Operation(spec.operations[0]),
            model=spec.id,
            prompt="a picture",
            size=str(spec.sizes.default),
            quality=quality,
            output_format=spec.formats[0],
        )
        for candidate in _candidates(services, request, principal):
            try:
                (offer,) = services.pricing.offers([candidate], principal.prices)
            except PriceUnknown:
                continue
            found.setdefault(candidate.route.deployment.id, {})[quality] = offer
    return found


def _candidates(services: Services, request: ImageRequest, principal: Principal) -> list[Candidate]:
    try:
        return services.router.candidates(request, principal.policy)
    except RequestError:  # this key may not use it
        return []


def _price(offers: Mapping[str, Offer]) -> dict[str, Any] | None:
    """None when nobody knows it: that is not zero."""
    if not offers:
        return None
    snapshot = next(iter(offers.values())).snapshot
    price, fixed = snapshot.price, snapshot.fixed_per_image
    return {
        "price_sheet": price.sheet,
        "price_since": price.since,
        "multiplier_ppm": snapshot.multiplier_ppm,
        "fixed_per_image": None if fixed is None else shown_money(fixed),
        "list_usd": dict(_list_price(price)),
        "one_image": [
            {
                "quality": quality,
                "size": offer.candidate.plan.request.size,
                "model": offer.candidate.model.id,
                "expected": shown_money(offer.estimate.expected_nanos),
                "max": shown_money(offer.estimate.max_nanos),
            }
            for quality, offer in offers.items()
        ],
    }


def _list_price(price: Price) -> Iterator[tuple[str, str]]:
    """The sheet's own amounts: tokens by the million, all else by the piece."""
    for name in _TOKENS:
        if nanos := getattr(price, name):
            yield f"{name}_per_million", dollars(nanos * _MILLION)
    for name in ("per_image", "first_megapixel", "next_megapixel", "input_megapixel"):
        if nanos := getattr(price, name):
            yield name, dollars(nanos)


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
