"""Apiframe's doors beside images and jobs: the list of jobs, uploads, the caller, the models.

https://github.com/apiframe-ai/apiframe-nodejs-sdk, ``openapi.json``.
"""

import re
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom import ledger
from darkroom.core.dialect import Dialect, LinkOf
from darkroom.core.errors import (
    DarkroomError,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    PriceUnknown,
    RequestError,
)
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import Asset, Job, JobState
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.times import shown_time
from darkroom.db import Tx
from darkroom.dialects.apiframe import (
    NAME,
    PREFIXES,
    STATUSES,
    catalog_name,
    cost_extremes,
    credits_down,
    credits_up,
    job_object,
    wire_name,
)
from darkroom.routing import ServedModel
from darkroom.server import records
from darkroom.server.amounts import known_fields
from darkroom.server.door import Door, is_id
from darkroom.server.keys import ADMIN, Principal
from darkroom.server.native import json_response, read_limit
from darkroom.server.uploads import NewFile, Uploads

_UPLOAD_BYTES_MAX = 25 << 20
_MODELS_KEPT_S = 60.0
_UPLOAD_LIFE_MS = 2 * 3_600_000
_STATES = {status: state for state, status in STATUSES.items()}
_MODALITIES = ("image", "video", "music")
_NOT_LOCAL_PART = re.compile(r"[^a-z0-9.+_-]+")
_ANY_PROMPT = "a red bicycle"
"""What costs are quoted for: a prompt's length hardly counts."""


def routes(door: Door) -> list[Route]:
    dialect = next(dialect for dialect in door.services.dialects if dialect.name == NAME)
    view = ApiframeView(door, dialect)
    return [
        Route(prefix + path, door.guarded(handler, dialect), methods=[method])
        for prefix in PREFIXES
        for method, path, handler in (
            ("GET", "/jobs", view.jobs),
            ("POST", "/uploads", view.upload),
            ("GET", "/me", view.me),
            ("GET", "/models", view.models),
        )
    ]


class ApiframeView:
    def __init__(self, door: Door, dialect: Dialect) -> None:
        self._door = door
        self._services = door.services
        self._dialect = dialect
        self._uploads = Uploads(door.services)
        self._models: tuple[float, list[dict[str, Any]]] = (0.0, [])
        """Until when they are good, and what is shown of them."""

    async def jobs(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        query = request.query_params
        if _choice(request, "scope", ("user", "team"), "user") == "team":
            principal.require(ADMIN)  # an account is a team: both scopes show its jobs
        with_models = _choice(request, "include_models", ("true", "false"), "false") == "true"
        status = _choice(request, "status", tuple(_STATES), "")
        state = _STATES.get(status)
        limit = read_limit(query.get("limit"))
        cursor = query.get("cursor")
        if cursor is not None and not is_id(cursor):
            raise InvalidRequest("'cursor' is the 'nextCursor' of a page.", param="cursor")
        model = catalog_name(query["model"]) if "model" in query else None
        if "search" in query:
            found, cursor = await self._found(query["search"], principal, state, model), None
        else:
            account_id = principal.account_id
            found, cursor = await self._services.jobs.page(account_id, limit, cursor, state, model)
        link_of = self._links(request)
        answer: dict[str, Any] = {
            "jobs": [{"expired": False, **job_object(job, link_of)} for job in found],
            "nextCursor": cursor,
            "hasMore": cursor is not None,
        }
        if with_models:
            served = await self._services.jobs.models(principal.account_id)
            answer["models"] = [wire_name(name) for name in served]
        return json_response(answer)

    async def upload(self, request: Request) -> Response:
        """The same stored uploads as those of ``/v1/files``, for two hours."""
        principal = await self._door.principal(request)
        try:
            asset = await self._kept(request, principal)
        except PayloadTooLarge as error:
            raise _too_large() from error
        answer = {
            "id": asset.id,
            "url": self._links(request)(asset),
            "kind": "image",
            "contentType": asset.media_type,
            "byteSize": asset.byte_size,
            "expiresAt": shown_time(self._services.links.expires_at_ms(asset)),
        }
        return json_response(answer, 201)

    async def me(self, request: Request) -> Response:
        """The account in the place of both the user and the team."""
        principal = await self._door.principal(request)
        return json_response(await self._services.database.read(lambda tx: _me(tx, principal)))

    async def models(self, request: Request) -> Response:
        """Open to everybody, as at the vendor: it tells what costs how much."""
        if _choice(request, "modality", _MODALITIES, "image") != "image":
            return json_response({"models": []})
        return json_response({"models": self._shown_models()})

    def _links(self, request: Request) -> LinkOf:
        origin, links = self._door.origin(request), self._services.links

        def link_of(asset: Asset) -> str:
            return links.url(origin, asset)

        return link_of

    async def _kept(self, request: Request, principal: Principal) -> Asset:
        async with self._door.bodies.reading(request) as body:
            known_fields(body.fields)
            files = [upload for name, upload in body.uploads if name == "file"]
            if len(files) != 1 or len(body.uploads) != 1:
                raise InvalidRequest("Send one image as the form field 'file'.", param="file")
            if files[0].image.byte_size > _UPLOAD_BYTES_MAX:
                raise _too_large()
            ends_at = now_ms() + _UPLOAD_LIFE_MS
            return await self._uploads.keep(principal, files[0], NewFile(new_id(), ends_at))

    async def _found(
        self, wire_id: str, principal: Principal, state: JobState | None, model: str | None
    ) -> list[Job]:
        """The one job of this id, when it is the caller's and passes the filters."""
        try:
            job_id = self._dialect.job_id(wire_id)
        except RequestError as error:
            raise InvalidRequest("'search' is the id of a job.", param="search") from error
        try:
            job = await self._services.jobs.get(job_id, principal.account_id)
        except NotFound:
            return []
        right_state = state is None or job.state is state
        right_model = model is None or model in (job.model, job.request.model)
        return [job] if right_state and right_model else []

    def _shown_models(self) -> list[dict[str, Any]]:
        """Nobody has to show a key for it, so nobody may make us quote at each request."""
        until, shown = self._models
        if until < time.monotonic():
            shown = [self._model(one) for one in self._services.router.models()]
            self._models = (time.monotonic() + _MODELS_KEPT_S, shown)
        return shown

    def _model(self, served: ServedModel) -> dict[str, Any]:
        spec = served.spec
        shown = {
            "id": wire_name(spec.id),
            "label": spec.label,
            "modality": "image",
            "description": spec.description,
        }
        costs = self._costs(served)
        if costs:
            limits = {"costMin": credits_up(min(costs)), "costMax": credits_up(max(costs))}
            shown |= {**limits, "pricingMode": "per-output"}
        return shown

    def _costs(self, served: ServedModel) -> list[int]:
        """What one image is expected to cost, cheapest and dearest among them; in nano-dollars."""
        spec = served.spec
        qualities = (spec.qualities[0], spec.qualities[-1]) if spec.qualities else ("auto",)
        found: list[int] = []
        for quality in qualities:
            for size in cost_extremes(spec.id):
                request = ImageRequest(
                    Operation.GENERATION, spec.id, _ANY_PROMPT, size=size, quality=quality
                )
                found += self._quoted(request)
        return found

    def _quoted(self, request: ImageRequest) -> list[int]:
        """At each deployment that can make it; nothing where none can or none has a price."""
        try:
            offers = self._services.pricing.offers(self._services.router.candidates(request))
        except (RequestError, PriceUnknown):
            return []
        return [offer.estimate.expected_nanos for offer in offers]


def _me(tx: Tx, principal: Principal) -> dict[str, Any]:
    account = records.account_of(tx, principal.account_id)
    key = records.by_id(tx, principal.key_id)  # the operator of this machine has none
    balance = ledger.balance(tx, principal.account_id, now_ms())
    name = "" if account is None else account.name
    available = balance.available_nanos
    # what is postpaid has no limit, and the vendor has no word for that
    left = ledger.MOST_NANOS if available is None else max(0, available)
    local_part = _NOT_LOCAL_PART.sub("-", name.lower()).strip("-.") or principal.account_id
    return {
        "user": {
            "id": principal.account_id,
            "email": f"{local_part}@darkroom.local",
            "role": "ADMIN" if ADMIN in principal.scopes else "MEMBER",
        },
        "team": {
            "id": principal.account_id,
            "name": name,
            "credits": credits_down(left),
            "plan": "postpaid" if available is None else "prepaid",
            "customerId": None,
        },
        "apiKey": None
        if key is None
        else {"id": key.id, "name": key.name, "prefix": key.hint.partition("…")[0]},
    }


def _choice(request: Request, name: str, choices: tuple[str, ...], default: str) -> str:
    value = request.query_params.get(name, default)
    if value not in choices and name in request.query_params:
        raise InvalidRequest(f"'{name}' is one of {', '.join(choices)}.", param=name)
    return value


def _too_large() -> DarkroomError:
    size = _UPLOAD_BYTES_MAX >> 20
    return InvalidRequest(f"The file is larger than {size} MB.", param="file")
