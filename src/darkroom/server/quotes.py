"""``POST /v1/images/quote``: the price of a request, before it is sent and without sending it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.assets import facts_of
from darkroom.core.dialect import Dialect, WireBody
from darkroom.core.draft import Draft, Source, Upload
from darkroom.core.errors import InvalidRequest
from darkroom.core.request import ImageRequest, InputImage, Operation
from darkroom.jobs import Offer
from darkroom.server.body import discard, read_body
from darkroom.server.door import Door
from darkroom.server.keys import IMAGES
from darkroom.server.native import json_response, shown_lines, shown_money

_EDIT_FIELDS = ("image", "images", "mask")
_UNKNOWN_EDGE = 1024
"""An image that is not here yet is taken for one of this width and height."""


def routes(door: Door) -> list[Route]:
    """Beside every path on which a dialect takes generations."""
    return [
        Route(
            f"{route.path.rpartition('/')[0]}/quote",
            door.guarded(Quotes(door, dialect).post, dialect),
            methods=["POST"],
        )
        for dialect in door.services.dialects
        for route in dialect.routes
        if route.operation is Operation.GENERATION
    ]


class Quotes:
    """Takes the body of a generation or an edit; nothing runs and no URL is fetched."""

    def __init__(self, door: Door, dialect: Dialect) -> None:
        self._door = door
        self._services = door.services
        self._dialect = dialect

    async def post(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        principal.require(IMAGES)
        body = await read_body(request, self._services.spool, self._door.patience)
        try:
            sheet, body = self._sheet(body)
            draft = self._dialect.parse(_operation(body), body)
            asked, guessed = _with_images(draft)
        finally:
            discard(body.uploads)
        candidates = self._services.router.candidates(asked)
        offers = self._services.pricing.offers(candidates, principal.prices, sheet)
        cheapest = min(offers, key=lambda offer: offer.estimate.expected_nanos)
        return json_response(
            {
                "object": "quote",
                "model": asked.model,
                "operation": asked.operation,
                "currency": "USD",
                "expected": shown_money(offers[0].estimate.expected_nanos),
                "max": shown_money(max(offer.estimate.max_nanos for offer in offers)),
                "cheapest": cheapest.candidate.route.deployment.id,
                "price_sheets": self._services.pricing.sheets,
                "notes": _notes(asked, guessed),
                "deployments": [_offer(offer) for offer in offers],
            }
        )

    def _sheet(self, body: WireBody) -> tuple[str, WireBody]:
        """The sheet that the caller picked, and the body without it."""
        fields: dict[str, Any] = dict(body.fields)
        sheet = fields.pop("price_sheet", None)
        known = self._services.pricing.sheets
        if sheet is None or sheet == "":
            return "", replace(body, fields=fields)
        if sheet not in known:
            raise InvalidRequest(
                f"No price sheet '{str(sheet)[:64]}'. There are: {', '.join(known)}.",
                param="price_sheet",
            )
        return sheet, replace(body, fields=fields)


def _operation(body: WireBody) -> Operation:
    fields: Mapping[str, Any] = body.fields
    edits = body.uploads or any(fields.get(name) is not None for name in _EDIT_FIELDS)
    return Operation.EDIT if edits else Operation.GENERATION


def _with_images(draft: Draft) -> tuple[ImageRequest, int]:
    """The request with its images as far as they are known, and how many had to be guessed."""
    inputs = [_known(source) for source in draft.inputs]
    mask = None if draft.mask is None else _known(draft.mask)
    guessed = sum(not image.byte_size for image in inputs)
    return replace(draft.request, inputs=tuple(inputs), mask=mask), guessed


def _known(source: Source) -> InputImage:
    if isinstance(source, Upload):
        facts = facts_of(source.image.path)
        size = source.image.byte_size
        return InputImage("", "", facts.media_type, facts.width, facts.height, size)
    return InputImage("", "", "image/png", _UNKNOWN_EDGE, _UNKNOWN_EDGE, 0)


def _notes(request: ImageRequest, guessed: int) -> list[str]:
    """Why the expected price is not the exact one."""
    notes = [
        f"'{name}' is auto: expected at the model's default, at most at its dearest."
        for name in ("size", "quality")
        if getattr(request, name) == "auto"
    ]
    if guessed:
        notes.append(f"{guessed} input image(s) not read yet: taken for 1024x1024.")
    return notes


def _offer(offer: Offer) -> dict[str, Any]:
    estimate, price = offer.estimate, offer.snapshot.price
    return {
        "deployment": offer.candidate.route.deployment.id,
        "provider": offer.candidate.route.provider.name,
        "model": offer.candidate.model.id,
        "size": offer.candidate.plan.request.size,
        "price_sheet": price.sheet,
        "price_since": price.since,
        "multiplier_ppm": offer.snapshot.multiplier_ppm,
        "expected": {
            **shown_money(estimate.expected_nanos),
            "lines": shown_lines(estimate.lines_expected),
            "usage": msgspec.to_builtins(estimate.usage_expected),
        },
        "max": {
            **shown_money(estimate.max_nanos),
            "lines": shown_lines(estimate.lines_max),
            "usage": msgspec.to_builtins(estimate.usage_max),
        },
        "warnings": [msgspec.to_builtins(warning) for warning in offer.candidate.plan.warnings],
    }
