"""From a delivery to what is sent: the body in its dialect, and the headers that sign it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from darkroom.core.dialect import Dialect
from darkroom.core.errors import NotFound
from darkroom.core.job import Asset, Job, JobEvent
from darkroom.webhooks.schedule import pauses
from darkroom.webhooks.shapes import TEST, Delivery, Keys, Target
from darkroom.webhooks.signing import signed

ReadJob = Callable[[str, str], Awaitable[Job]]
"""The job of this id and account. Raises :class:`NotFound`."""
UrlOf = Callable[[str, Asset], str]
"""The link of an asset on an origin."""

_AGENT = "Darkroom-Webhooks"
_SPECIMENS = (b"\x01" * 32, b"\x02" * 32)


@dataclass(frozen=True, slots=True)
class Message:
    """What an attempt sends. ``pauses_s`` is the schedule after it fails."""

    body: bytes
    own_headers: Mapping[str, str]
    """The dialect's."""
    pauses_s: Sequence[float]

    def headers(self, delivery_id: str, keys: Keys, now_ms: int) -> dict[str, str]:
        return {
            **self.own_headers,
            "content-type": "application/json",
            "user-agent": _AGENT,
            **signed(keys.valid(now_ms), delivery_id, now_ms // 1000, self.body),
        }


class Messages:
    """Bodies are made anew for each attempt: their links are fresh, all else stays the same."""

    def __init__(self, dialects: Sequence[Dialect], read_job: ReadJob, url_of: UrlOf) -> None:
        self._dialects = {dialect.name: dialect for dialect in dialects}
        self._usual = dialects[0]
        self._read_job = read_job
        self._url_of = url_of

    async def of(self, delivery: Delivery, target: Target) -> Message | None:
        """None when there is nothing to tell any more."""
        if delivery.event == TEST or delivery.job_id is None:
            return Message(_test_body(delivery), {}, ())
        try:
            job = await self._read_job(delivery.job_id, delivery.account_id)
        except NotFound:
            return None
        event = JobEvent(delivery.event)
        if event is JobEvent.PROGRESS and job.state.final:
            return None  # its end is told by a delivery of its own, and nothing comes after an end
        dialect = self._dialects.get(target.format or job.dialect, self._usual)
        body = dialect.webhook(job, event, lambda asset: self._url_of(target.origin, asset))
        own = dialect.webhook_headers(event, body, target.vendor_key)
        return Message(body, own, pauses(dialect.webhook_pauses_s))


def signs_with_key(dialect: Dialect) -> bool:
    """Whether its vendor's signature is made with the API key: only then is a digest kept."""
    made = [dialect.webhook_headers(JobEvent.COMPLETED, b"", digest) for digest in _SPECIMENS]
    return made[0] != made[1]


def _test_body(delivery: Delivery) -> bytes:
    at = datetime.fromtimestamp(delivery.created_at_ms / 1000, UTC)
    body = {
        "type": "webhook.test",
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {"endpoint": delivery.endpoint_id},
    }
    return msgspec.json.encode(body)
