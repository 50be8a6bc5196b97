"""Webhooks: where events of jobs are told, what was delivered, and whether a delivery is ours."""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from darkroom_client.flows import Call, Flow, asking
from darkroom_client.resources import AsyncResource, SyncResource, method

_TOLERANCE_S = 300
_DIGITS = re.compile(r"[0-9]{1,15}")
_BASE = "/v1/webhooks"


class WebhookVerificationError(ValueError):
    """A delivery that was not signed with the secret, or too long ago."""


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """``secret`` is there once, when it is made."""

    id: str
    url: str
    events: tuple[str, ...]
    format: str
    key: str | None
    created_at: str
    disabled_at: str | None
    disabled_reason: str | None
    secret: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            id=said["id"],
            url=said["url"],
            events=tuple(said["events"]),
            format=said["format"],
            key=said["key"],
            created_at=said["created_at"],
            disabled_at=said["disabled_at"],
            disabled_reason=said["disabled_reason"],
            secret=said.get("secret"),
        )


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """``previous_valid_until``: until then deliveries carry the old secret's signature, too."""

    secret: str = field(repr=False)
    previous_valid_until: str | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(said["secret"], said["previous_valid_until"])


@dataclass(frozen=True, slots=True)
class WebhookAttempt:
    """One POST: an HTTP status, or a word for why there was none."""

    number: int
    started_at: str
    duration_ms: int
    status: int | None
    error: str | None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            said["number"], said["started_at"], said["duration_ms"], said["status"], said["error"]
        )


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One event for one address. ``state``: pending, delivered, failed or stopped."""

    id: str
    event: str
    state: str
    job: str | None
    endpoint: str | None
    url: str | None
    attempt_count: int
    last_status: int | None
    last_error: str | None
    next_attempt_at: str | None
    created_at: str
    finished_at: str | None
    attempts: tuple[WebhookAttempt, ...] = ()
    """Of one delivery; lists leave them out."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            id=said["id"],
            event=said["event"],
            state=said["state"],
            job=said["job"],
            endpoint=said["endpoint"],
            url=said["url"],
            attempt_count=said["attempt_count"],
            last_status=said["last_status"],
            last_error=said["last_error"],
            next_attempt_at=said["next_attempt_at"],
            created_at=said["created_at"],
            finished_at=said["finished_at"],
            attempts=tuple(WebhookAttempt.of(one) for one in said.get("attempts", ())),
        )


@dataclass(frozen=True, slots=True)
class WebhookDeliveryPage:
    """Some deliveries, newest first. ``next_cursor`` leads to older ones; None at the end."""

    deliveries: tuple[WebhookDelivery, ...]
    next_cursor: str | None


class _Calls:
    @method
    def create(
        self,
        url: str,
        *,
        events: Sequence[str] | None = None,
        format: str | None = None,
        key: str | None = None,
    ) -> Flow[WebhookEndpoint]:
        """Tell ``url`` of the account's jobs, or of those of one API key (its id)."""
        asked = {"url": url, "events": events and list(events), "format": format, "key": key}
        body = {name: value for name, value in asked.items() if value is not None}
        # Sent twice it would make two.
        call = Call("POST", f"{_BASE}/endpoints", content={"json": body}, repeatable=False)
        return asking(call, WebhookEndpoint.of)

    @method
    def list(self) -> Flow[tuple[WebhookEndpoint, ...]]:
        """All endpoints, oldest first."""
        said = yield Call("GET", f"{_BASE}/endpoints")
        return tuple(WebhookEndpoint.of(one) for one in said["data"])

    @method
    def update(self, endpoint_id: str, **changes: Any) -> Flow[WebhookEndpoint]:
        """Change ``url``, ``events``, ``format``, ``signature_key`` or ``disabled``."""
        call = Call("PATCH", _endpoint(endpoint_id), content={"json": changes})
        return asking(call, WebhookEndpoint.of)

    @method
    def delete(self, endpoint_id: str) -> Flow[None]:
        """Raises :class:`NotFoundError`."""
        yield Call("DELETE", _endpoint(endpoint_id))

    @method
    def secret(self, endpoint_id: str | None = None) -> Flow[WebhookSecret]:
        """Of an endpoint, or without one the account's, which signs requests' callbacks."""
        path = f"{_BASE}/secret" if endpoint_id is None else f"{_endpoint(endpoint_id)}/secret"
        return asking(Call("GET", path), WebhookSecret.of)

    @method
    def rotate(
        self, endpoint_id: str | None = None, *, overlap_s: int | None = None
    ) -> Flow[WebhookSecret]:
        """A new secret; the old one stays good for ``overlap_s``, a day if not said."""
        base = f"{_BASE}/secret" if endpoint_id is None else _endpoint(endpoint_id)
        body = {} if overlap_s is None else {"overlap_s": overlap_s}
        # Sent twice it would forget the secret that receivers have.
        call = Call("POST", f"{base}/rotate", content={"json": body}, repeatable=False)
        return asking(call, WebhookSecret.of)

    @method
    def test(self, endpoint_id: str) -> Flow[WebhookDelivery]:
        """Send a made-up event; :meth:`delivery` tells what came of it."""
        return asking(Call("POST", f"{_endpoint(endpoint_id)}/test"), WebhookDelivery.of)

    @method
    def deliveries(
        self, *, limit: int = 20, cursor: str | None = None, **filters: str | None
    ) -> Flow[WebhookDeliveryPage]:
        """Up to 100 at a time. ``filters``: ``job``, ``endpoint``, ``state``."""
        asked = {"limit": limit, "cursor": cursor, **filters}
        query = {name: value for name, value in asked.items() if value is not None}
        said = yield Call("GET", f"{_BASE}/deliveries", content={"params": query})
        found = tuple(WebhookDelivery.of(one) for one in said["data"])
        return WebhookDeliveryPage(found, said["next_cursor"])

    @method
    def delivery(self, delivery_id: str) -> Flow[WebhookDelivery]:
        """With its attempts. Raises :class:`NotFoundError`."""
        return asking(Call("GET", _delivery(delivery_id)), WebhookDelivery.of)

    @method
    def redeliver(self, delivery_id: str) -> Flow[WebhookDelivery]:
        """Send it again now, under the same id."""
        call = Call("POST", f"{_delivery(delivery_id)}/redeliver")
        return asking(call, WebhookDelivery.of)


class Webhooks(_Calls, SyncResource):
    """``client.webhooks``: those of the key's account."""


class AsyncWebhooks(_Calls, AsyncResource):
    """``client.webhooks``: those of the key's account."""


def verify_webhook(body: bytes, headers: Mapping[str, str], secret: str) -> None:
    """Whether a delivery was signed with ``secret`` within five minutes (Standard Webhooks).

    ``body`` is as received, byte by byte; names of ``headers`` in any case. Raises
    :class:`WebhookVerificationError`.
    """
    found = {name.lower(): value for name, value in headers.items()}
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        sent = found["webhook-timestamp"]
        content = f"{found['webhook-id']}.{sent}.".encode() + body
        signatures = found["webhook-signature"].encode().split()
        sent_s = _timestamp(sent)
    except (LookupError, ValueError, binascii.Error) as error:
        raise WebhookVerificationError("The delivery or the secret is malformed.") from error
    if not key:
        raise WebhookVerificationError("The secret is empty.")
    if abs(time.time() - sent_s) > _TOLERANCE_S:
        raise WebhookVerificationError("The delivery was signed more than five minutes ago.")
    wanted = b"v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
    if not any(hmac.compare_digest(one, wanted) for one in signatures):
        raise WebhookVerificationError("The delivery was signed with another secret.")


def _timestamp(text: str) -> int:
    # Anybody may send it, and what has hundreds of digits overflows where it is compared.
    if not _DIGITS.fullmatch(text):
        raise ValueError("not a number of seconds")
    return int(text)


def _endpoint(endpoint_id: str) -> str:
    return f"{_BASE}/endpoints/{quote(endpoint_id, safe='')}"


def _delivery(delivery_id: str) -> str:
    return f"{_BASE}/deliveries/{quote(delivery_id, safe='')}"
