"""What the doors ask of webhooks: endpoints, their secrets, and the record of deliveries.

Everything is bound to the caller's account: what belongs to another does not exist.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from darkroom.core.dialect import Dialect
from darkroom.core.errors import InvalidRequest, NotFound
from darkroom.core.ids import new_id, now_ms
from darkroom.core.job import JobEvent
from darkroom.db import Database, Tx
from darkroom.webhooks import outbox, records
from darkroom.webhooks.message import signs_with_key
from darkroom.webhooks.records import Wanted
from darkroom.webhooks.rules import Rules
from darkroom.webhooks.shapes import (
    ENDPOINT_EVENTS,
    TEST,
    Delivery,
    Endpoint,
    Keys,
    Try,
)
from darkroom.webhooks.signing import new_secret

ENDPOINTS_MAX = 20
OVERLAP_S = 86_400
OVERLAP_MAX_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Wish:
    """What an owner wants of an endpoint; what is None stays as it is, or as usual."""

    url: str | None = None
    events: tuple[JobEvent, ...] | None = None
    format: str | None = None
    disabled: bool | None = None
    hex_key: bool | None = None
    key_id: str | None = None
    """Only when it is made."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who asks, and how they reached us. ``key_digest``: the SHA-256 of their API key."""

    account_id: str
    origin: str = ""
    key_digest: bytes = field(default=b"", repr=False)


class Webhooks:
    def __init__(
        self,
        database: Database,
        dialects: Sequence[Dialect],
        rules: Rules,
        now: Callable[[], int] = now_ms,
    ) -> None:
        self._database = database
        self._dialects = {dialect.name: dialect for dialect in dialects}
        self._usual = dialects[0].name
        self._rules = rules
        self._now = now

    async def create(self, owner: Owner, wish: Wish) -> tuple[Endpoint, Keys]:
        """Raises :class:`InvalidRequest`."""
        if wish.url is None:
            raise InvalidRequest("Missing required parameter: 'url'.", param="url")
        blank = Endpoint(
            id=new_id(self._now()),
            account_id=owner.account_id,
            url=wish.url,
            events=ENDPOINT_EVENTS,
            format=self._usual,
            origin=owner.origin,
            created_at_ms=self._now(),
            key_id=wish.key_id,
        )
        endpoint, keys = self._changed(blank, owner, wish), Keys(new_secret())

        def work(tx: Tx) -> None:
            if len(records.endpoints_of(tx, owner.account_id)) >= ENDPOINTS_MAX:
                raise InvalidRequest(
                    f"An account has at most {ENDPOINTS_MAX} webhook endpoints. Delete one first."
                )
            records.add_endpoint(tx, endpoint)
            records.save_keys(tx, endpoint.id, keys)

        await self._database.write(work)
        return endpoint, keys

    async def endpoints(self, account_id: str) -> Sequence[Endpoint]:
        """Oldest first."""
        return await self._database.read(lambda tx: records.endpoints_of(tx, account_id))

    async def endpoint(self, account_id: str, endpoint_id: str) -> Endpoint:
        """Raises :class:`NotFound`."""
        return await self._database.read(lambda tx: _found(tx, endpoint_id, account_id))

    async def change(self, owner: Owner, endpoint_id: str, wish: Wish) -> Endpoint:
        """Disabled, it hears nothing, and what waits for it is stopped."""

        def work(tx: Tx) -> Endpoint:
            before = _found(tx, endpoint_id, owner.account_id)
            after = self._changed(before, owner, wish)
            records.save_endpoint(tx, after)
            if after.disabled_at_ms is not None and before.disabled_at_ms is None:
                records.stop_endpoint(tx, endpoint_id, self._now(), "endpoint_disabled")
            return after

        return await self._database.write(work)

    async def remove(self, account_id: str, endpoint_id: str) -> None:
        """What waits for it is stopped. Raises :class:`NotFound`."""

        def work(tx: Tx) -> None:
            _found(tx, endpoint_id, account_id)
            records.stop_endpoint(tx, endpoint_id, self._now(), "endpoint_gone")
            records.remove_endpoint(tx, endpoint_id)

        await self._database.write(work)

    async def keys(self, account_id: str, endpoint_id: str | None = None) -> Keys:
        """The secrets of an endpoint, or of the account for callbacks, made at the first look."""
        fresh = Keys(new_secret())

        def work(tx: Tx) -> Keys:
            return records.ensure_keys(tx, _key_owner(tx, account_id, endpoint_id), fresh)

        return await self._database.write(work)

    async def rotate(
        self, account_id: str, endpoint_id: str | None = None, overlap_s: int = OVERLAP_S
    ) -> Keys:
        """A new secret. For ``overlap_s`` deliveries carry a signature of the old one, too."""
        secret = new_secret()

        def work(tx: Tx) -> Keys:
            owner_id = _key_owner(tx, account_id, endpoint_id)
            before, keys = records.keys_of(tx, owner_id), Keys(secret)
            if before is not None and overlap_s > 0:
                keys = Keys(secret, before.secret, self._now() + overlap_s * 1000)
            records.save_keys(tx, owner_id, keys)
            return keys

        return await self._database.write(work)

    async def test(self, account_id: str, endpoint_id: str) -> Delivery:
        """Send an endpoint a made-up event, once. Raises for one that is disabled."""

        def work(tx: Tx) -> Delivery:
            endpoint = _found(tx, endpoint_id, account_id)
            _require_enabled(endpoint)
            delivery = outbox.a_delivery(account_id, TEST, None, endpoint.id)
            records.add_deliveries(tx, [(delivery, outbox.lane(account_id, endpoint.url))])
            return replace(delivery, url=endpoint.url)

        return await self._database.write(work)

    async def deliveries(self, wanted: Wanted) -> tuple[Sequence[Delivery], str | None]:
        """Newest first, and the cursor of the next page."""
        more = replace(wanted, limit=wanted.limit + 1)
        found = await self._database.read(lambda tx: records.page(tx, more))
        limit = wanted.limit
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    async def delivery(self, account_id: str, delivery_id: str) -> tuple[Delivery, Sequence[Try]]:
        """With its attempts. Raises :class:`NotFound`."""
        return await self._database.read(lambda tx: _told(tx, account_id, delivery_id))

    async def redeliver(self, account_id: str, delivery_id: str) -> tuple[Delivery, Sequence[Try]]:
        """Send it again now, under the same id. One that is just being sent stays as it is.

        Raises :class:`NotFound`, and :class:`InvalidRequest` when nobody takes it any more.
        """

        def work(tx: Tx) -> tuple[Delivery, Sequence[Try]]:
            delivery, _ = _told(tx, account_id, delivery_id)
            if delivery.endpoint_id is not None:
                endpoint = records.endpoint_of(tx, delivery.endpoint_id, account_id)
                if endpoint is None:
                    raise InvalidRequest("The endpoint of this delivery was deleted.")
                _require_enabled(endpoint)
            elif records.callback_url(tx, delivery.job_id or "") is None:
                raise InvalidRequest("The receiver answered 410: it wants no more of this job.")
            records.again(tx, delivery_id, self._now())
            return _told(tx, account_id, delivery_id)

        return await self._database.write(work)

    def _changed(self, before: Endpoint, owner: Owner, wish: Wish) -> Endpoint:
        """Raises :class:`InvalidRequest`."""
        after = before
        if wish.url is not None:
            self._rules.check(wish.url, "url")
            after = replace(after, url=wish.url)
        if wish.events is not None:
            after = replace(after, events=wish.events)
        if wish.format is not None:
            after = self._formatted(after, owner, wish.format)
        if wish.hex_key is not None:
            after = replace(after, hex_key=wish.hex_key)
        if wish.disabled is True and after.disabled_at_ms is None:
            after = replace(after, disabled_at_ms=self._now(), disabled_reason="by_owner")
        if wish.disabled is False:
            after = replace(after, disabled_at_ms=None, disabled_reason=None)
        return after

    def _formatted(self, endpoint: Endpoint, owner: Owner, name: str) -> Endpoint:
        dialect = self._dialects.get(name)
        if dialect is None:
            known = ", ".join(self._dialects)
            raise InvalidRequest(f"'format' is one of {known}.", param="format")
        digest = owner.key_digest if signs_with_key(dialect) else b""
        if signs_with_key(dialect) and not digest:
            raise InvalidRequest(
                f"Webhooks in {name}'s format are signed with the API key, which a session does not"
                " know. Send this request with the key itself.",
                param="format",
            )
        return replace(endpoint, format=name, key_digest=digest)


def _found(tx: Tx, endpoint_id: str, account_id: str) -> Endpoint:
    found = records.endpoint_of(tx, endpoint_id, account_id)
    if found is None:
        raise NotFound(f"No webhook endpoint '{endpoint_id}'.")
    return found


def _key_owner(tx: Tx, account_id: str, endpoint_id: str | None) -> str:
    return account_id if endpoint_id is None else _found(tx, endpoint_id, account_id).id


def _told(tx: Tx, account_id: str, delivery_id: str) -> tuple[Delivery, Sequence[Try]]:
    found = records.delivery_of(tx, delivery_id, account_id)
    if found is None:
        raise NotFound(f"No webhook delivery '{delivery_id}'.")
    return found, records.tries_of(tx, delivery_id)


def _require_enabled(endpoint: Endpoint) -> None:
    if endpoint.disabled_at_ms is not None:
        raise InvalidRequest(
            f"The endpoint is disabled ({endpoint.disabled_reason}). Enable it first."
        )
