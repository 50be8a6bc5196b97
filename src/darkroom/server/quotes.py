"""``POST /v1/images/quote``: the price of a request, before it is sent and without sending it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.assets import facts_of
from darkroom.core.dialect import Dialect, ImageRoute, WireBody
from darkroom.core.draft import Draft, Source, Upload
from darkroom.core.errors import InvalidRequest
from darkroom.core.request import ImageRequest, InputImage, Operation
from darkroom.jobs import Offer
from darkroom.server.door import Door, speak
from darkroom.server.drafting import drafted
from darkroom.server.keys import IMAGES
from darkroom.server.native import json_response, shown_lines, shown_money
from darkroom.server.policy import HEADER, request_policy
from darkroom.server.resolve import Asked

_GENERATIONS = ("generations", "generate")
_EDIT_FIELDS = ("image", "images", "mask")
_UNKNOWN_EDGE = 1024
"""An image that is not here yet is taken for one of this width and height."""


def routes(door: Door) -> list[Route]:
    """Beside every path on which dialects take generations."""
    return [
        Route(f"{folder}/quote", door.guarded(Quotes(door, spoken).post), methods=["POST"])
        for path, spoken in door.resolver.image_paths().items()
        for folder, _, word in [path.rpartition("/")]
        if word in _GENERATIONS
    ]


class Quotes:
    """Takes the body of a generation or an edit; nothing runs and no URL is fetched.

    ``spoken`` has the route of each dialect that takes generations beside it, by its name.
    """

    def __init__(self, door: Door, spoken: Mapping[str, ImageRoute]) -> None:
        self._door = door
        self._services = door.services
        self._spoken = spoken

    async def post(self, request: Request) -> Response:
        self._choose(request, Asked(request.headers))
        principal = await self._door.principal(request)
        self._choose(request, Asked(request.headers, principal.dialect))
        principal.require(IMAGES)
        async with self._door.bodies.reading(request) as sent:
            dialect = self._choose(request, Asked(request.headers, principal.dialect, sent))
            sheet, body = self._sheet(sent)
            # where the dialect has one path for both, the body's images decide
            both = self._spoken[dialect.name].operation is None
            draft = await drafted(dialect, None if both else _operation(body), body)
            asked, guessed = await self._with_images(draft, principal.account_id)
            asked = self._services.router.named(asked, principal.policy)
        services = self._services
        policy = request_policy(request.headers.get(HEADER), principal.policy, services.router)
        survey = services.router.survey(asked, policy)
        priced = services.pricing.offers(survey.candidates, principal.prices, sheet)
        found = services.dispatch.ranked(survey, priced, policy, draw="")
        offers = found.ranked
        why = {one.deployment: one.reason for one in found.route if one.usable}
        cheapest = min(offers, key=lambda offer: offer.estimate.expected_nanos)
        return json_response(
            {
                "object": "quote",
                "model": asked.model,
                "operation": asked.operation,
                "currency": "USD",
                "expected": shown_money(offers[0].estimate.expected_nanos),
                "max": shown_money(max(offer.estimate.max_nanos for offer in offers)),
                "saved": shown_money(offers[0].estimate.saved_nanos),
                "cheapest": cheapest.candidate.route.deployment.id,
                "price_sheets": self._services.pricing.sheets,
                "notes": _notes(asked, guessed),
                "deployments": [_offer(offer, why) for offer in offers],
                "ruled_out": [
                    {"deployment": one.deployment, "reason": one.reason}
                    for one in found.route
                    if not one.usable
                ],
            }
        )

    async def _with_images(self, draft: Draft, account_id: str) -> tuple[ImageRequest, int]:
        """The request with its images as far as they are known, and how many had to be guessed."""
        inputs = [await self._known(source, account_id) for source in draft.inputs]
        mask = None if draft.mask is None else await self._known(draft.mask, account_id)
        guessed = sum(not image.byte_size for image in inputs)
        return replace(draft.request, inputs=tuple(inputs), mask=mask), guessed

    async def _known(self, source: Source, account_id: str) -> InputImage:
        if isinstance(source, Upload):
            facts = facts_of(source.image.path)
            size = source.image.byte_size
            return InputImage("", "", facts.media_type, facts.width, facts.height, size)
        found = await self._services.ingest.known(account_id, source)
        return found or InputImage("", "", "image/png", _UNKNOWN_EDGE, _UNKNOWN_EDGE, 0)

    def _choose(self, request: Request, asked: Asked) -> Dialect:
        dialect = self._door.resolver.choose(self._spoken, asked).dialect
        speak(request, dialect)
        return dialect

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


def _offer(offer: Offer, why: Mapping[str, str]) -> dict[str, Any]:
    """``reason``: the word for why it stands at its place."""
    estimate, price = offer.estimate, offer.snapshot.price
    name = offer.candidate.route.deployment.id
    return {
        "deployment": name,
        "reason": why.get(name),
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
        "saved": shown_money(estimate.saved_nanos),
        "warnings": [msgspec.to_builtins(warning) for warning in offer.candidate.plan.warnings],
    }
