"""``/v1/webhooks``: endpoints, their secrets, and the record of deliveries, of one's account."""

from collections.abc import Sequence
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.errors import InvalidRequest
from darkroom.core.job import JobEvent
from darkroom.server import records
from darkroom.server.amounts import known_fields
from darkroom.server.body import read_json
from darkroom.server.door import Door, is_id, path_id
from darkroom.server.keys import IMAGES, Principal
from darkroom.server.native import json_response, read_limit, shown_time
from darkroom.webhooks import (
    ENDPOINT_EVENTS,
    OVERLAP_MAX_S,
    OVERLAP_S,
    Delivery,
    DeliveryState,
    Endpoint,
    Keys,
    Owner,
    Try,
    Wanted,
    Wish,
)

_BODY_MAX = 64 * 1024
_CHANGEABLE = ("url", "events", "format", "disabled", "signature_key")
_SIGNATURE_KEYS = {"raw": False, "hex": True}


def routes(door: Door) -> list[Route]:
    endpoints, deliveries = EndpointsView(door), DeliveriesView(door)
    base, sent = "/v1/webhooks/endpoints", "/v1/webhooks/deliveries"
    one = f"{base}/{{endpoint_id}}"
    table = (
        ("POST", base, endpoints.create),
        ("GET", base, endpoints.list),
        ("GET", one, endpoints.get),
        ("PATCH", one, endpoints.change),
        ("DELETE", one, endpoints.remove),
        ("GET", f"{one}/secret", endpoints.secret),
        ("POST", f"{one}/rotate", endpoints.rotate),
        ("POST", f"{one}/test", endpoints.test),
        ("GET", "/v1/webhooks/secret", endpoints.secret),
        ("POST", "/v1/webhooks/secret/rotate", endpoints.rotate),
        ("GET", sent, deliveries.page),
        ("GET", f"{sent}/{{delivery_id}}", deliveries.get),
        ("POST", f"{sent}/{{delivery_id}}/redeliver", deliveries.redeliver),
    )
    return [Route(path, door.guarded(handler), methods=[method]) for method, path, handler in table]


class EndpointsView:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._webhooks = door.services.webhooks

    async def create(self, request: Request) -> Response:
        """201, with the secret."""
        principal = await _caller(self._door, request)
        body = await read_json(request, self._door.patience, _BODY_MAX)
        known_fields(body, *_CHANGEABLE, "key")
        wish = _wish(body, await self._key(principal, body.get("key")))
        endpoint, keys = await self._webhooks.create(self._owner(principal, request), wish)
        return json_response({**_shown(endpoint), **_shown_keys(keys)}, 201)

    async def list(self, request: Request) -> Response:
        principal = await _caller(self._door, request)
        found = await self._webhooks.endpoints(principal.account_id)
        return json_response({"object": "list", "data": [_shown(one) for one in found]})

    async def get(self, request: Request) -> Response:
        principal = await _caller(self._door, request)
        endpoint_id = path_id(request, "endpoint_id")
        return json_response(
            _shown(await self._webhooks.endpoint(principal.account_id, endpoint_id))
        )

    async def change(self, request: Request) -> Response:
        """What is not named stays as it is."""
        principal = await _caller(self._door, request)
        body = await read_json(request, self._door.patience, _BODY_MAX)
        known_fields(body, *_CHANGEABLE)
        owner, endpoint_id = self._owner(principal, request), path_id(request, "endpoint_id")
        return json_response(_shown(await self._webhooks.change(owner, endpoint_id, _wish(body))))

    async def remove(self, request: Request) -> Response:
        principal = await _caller(self._door, request)
        endpoint_id = path_id(request, "endpoint_id")
        await self._webhooks.remove(principal.account_id, endpoint_id)
        return json_response({"id": endpoint_id, "object": "webhook_endpoint", "deleted": True})

    async def secret(self, request: Request) -> Response:
        """Of the endpoint in the path, or without one the account's, which signs callbacks."""
        principal = await _caller(self._door, request)
        keys = await self._webhooks.keys(principal.account_id, _endpoint_id(request))
        return json_response({"object": "webhook_secret", **_shown_keys(keys)})

    async def rotate(self, request: Request) -> Response:
        """``{overlap_s}``: how long deliveries carry the old secret's signature as well."""
        principal = await _caller(self._door, request)
        body = await _optional_body(self._door, request)
        known_fields(body, "overlap_s")
        overlap = body.get("overlap_s", OVERLAP_S)
        if type(overlap) is not int or not 0 <= overlap <= OVERLAP_MAX_S:
            raise InvalidRequest(f"'overlap_s' is 0 to {OVERLAP_MAX_S}.", param="overlap_s")
        keys = await self._webhooks.rotate(principal.account_id, _endpoint_id(request), overlap)
        return json_response({"object": "webhook_secret", **_shown_keys(keys)})

    async def test(self, request: Request) -> Response:
        """202: the delivery's record tells what came of it."""
        principal = await _caller(self._door, request)
        endpoint_id = path_id(request, "endpoint_id")
        delivery = await self._webhooks.test(principal.account_id, endpoint_id)
        return json_response(_shown_delivery(delivery), 202)

    def _owner(self, principal: Principal, request: Request) -> Owner:
        return Owner(principal.account_id, self._door.origin(request), principal.key_digest)

    async def _key(self, principal: Principal, value: Any) -> str | None:
        """The id of an API key of the caller's own account. Raises :class:`InvalidRequest`."""
        if value is None:
            return None
        found = None
        if isinstance(value, str) and is_id(value):
            found = await self._door.services.database.read(lambda tx: records.by_id(tx, value))
        if found is None or found.account_id != principal.account_id:
            raise InvalidRequest("'key' is the id of an API key of your account.", param="key")
        return found.id


class DeliveriesView:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._webhooks = door.services.webhooks

    async def page(self, request: Request) -> Response:
        principal = await _caller(self._door, request)
        query = request.query_params
        state = query.get("state")
        if state is not None and state not in tuple(DeliveryState):
            raise InvalidRequest(f"'state' is one of {', '.join(DeliveryState)}.", param="state")
        for name in ("cursor", "job", "endpoint"):
            if (text := query.get(name)) is not None and not is_id(text):
                raise InvalidRequest(f"'{name}' is an id.", param=name)
        wanted = Wanted(
            account_id=principal.account_id,
            limit=read_limit(query.get("limit")),
            before=query.get("cursor"),
            job_id=query.get("job"),
            endpoint_id=query.get("endpoint"),
            state=None if state is None else DeliveryState(state),
        )
        found, cursor = await self._webhooks.deliveries(wanted)
        return json_response(
            {
                "object": "list",
                "data": [_shown_delivery(one) for one in found],
                "has_more": cursor is not None,
                "next_cursor": cursor,
            }
        )

    async def get(self, request: Request) -> Response:
        principal = await _caller(self._door, request)
        delivery_id = path_id(request, "delivery_id")
        delivery, tries = await self._webhooks.delivery(principal.account_id, delivery_id)
        return json_response(_with_tries(delivery, tries))

    async def redeliver(self, request: Request) -> Response:
        """202: under the same ``webhook-id``, with its whole schedule before it."""
        principal = await _caller(self._door, request)
        delivery_id = path_id(request, "delivery_id")
        delivery, tries = await self._webhooks.redeliver(principal.account_id, delivery_id)
        return json_response(_with_tries(delivery, tries), 202)


async def _caller(door: Door, request: Request) -> Principal:
    principal = await door.principal(request)
    principal.require(IMAGES)
    return principal


async def _optional_body(door: Door, request: Request) -> dict[str, Any]:
    """The JSON object of a body, which may be missing."""
    if request.headers.get("content-length", "0") == "0" and (
        "transfer-encoding" not in request.headers
    ):
        return {}
    return await read_json(request, door.patience, _BODY_MAX)


def _endpoint_id(request: Request) -> str | None:
    return path_id(request, "endpoint_id") if "endpoint_id" in request.path_params else None


def _wish(body: dict[str, Any], key_id: str | None = None) -> Wish:
    """Raises :class:`InvalidRequest`."""
    disabled = body.get("disabled")
    if disabled is not None and not isinstance(disabled, bool):
        raise InvalidRequest("'disabled' is true or false.", param="disabled")
    key_form = body.get("signature_key")
    if key_form is not None and key_form not in tuple(_SIGNATURE_KEYS):  # a list has no hash
        raise InvalidRequest("'signature_key' is raw or hex.", param="signature_key")
    return Wish(
        url=_text(body, "url"),
        events=_events(body.get("events")),
        format=_text(body, "format"),
        disabled=disabled,
        hex_key=None if key_form is None else _SIGNATURE_KEYS[key_form],
        key_id=key_id,
    )


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest(f"'{name}' is text.", param=name)
    return value


def _events(value: Any) -> tuple[JobEvent, ...] | None:
    if value is None:
        return None
    wanted: list[Any] = cast(list[Any], value) if isinstance(value, list) else []
    if not wanted or any(one not in ENDPOINT_EVENTS for one in wanted):
        known = ", ".join(ENDPOINT_EVENTS)
        raise InvalidRequest(f"'events' is a list of at least one of {known}.", param="events")
    return tuple(event for event in ENDPOINT_EVENTS if event in wanted)


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "url": endpoint.url,
        "events": list(endpoint.events),
        "format": endpoint.format,
        "signature_key": "hex" if endpoint.hex_key else "raw",
        "key": endpoint.key_id,
        "created_at": shown_time(endpoint.created_at_ms),
        "disabled_at": shown_time(endpoint.disabled_at_ms),
        "disabled_reason": endpoint.disabled_reason,
    }


def _shown_keys(keys: Keys) -> dict[str, Any]:
    return {
        "secret": keys.secret.reveal(),
        "previous_valid_until": shown_time(keys.previous_until_ms),
    }


def _shown_delivery(delivery: Delivery) -> dict[str, Any]:
    pending = delivery.state is DeliveryState.PENDING
    return {
        "id": delivery.id,
        "object": "webhook_delivery",
        "event": delivery.event,
        "job": delivery.job_id,
        "endpoint": delivery.endpoint_id,
        "url": delivery.url,
        "state": delivery.state,
        "attempt_count": delivery.attempt_count,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "next_attempt_at": shown_time(delivery.due_at_ms) if pending else None,
        "created_at": shown_time(delivery.created_at_ms),
        "finished_at": shown_time(delivery.finished_at_ms),
    }


def _with_tries(delivery: Delivery, tries: Sequence[Try]) -> dict[str, Any]:
    attempts = [
        {
            "number": one.number,
            "started_at": shown_time(one.started_at_ms),
            "duration_ms": one.duration_ms,
            "status": one.status,
            "error": one.error,
        }
        for one in tries
    ]
    return {**_shown_delivery(delivery), "attempts": attempts}
