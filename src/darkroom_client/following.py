"""What a job's event stream tells, and how it is taken up again after the connection broke."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from darkroom_client import errors
from darkroom_client.answers import image_of, said_in
from darkroom_client.flows import Call
from darkroom_client.making import job_path
from darkroom_client.money import Money
from darkroom_client.results import Asset, PartialImage
from darkroom_client.sse import Event, Parser

_SILENCE_MAX_S = 60.0
"""The server gives a sign of life every 15 s, unless it is told otherwise."""
_PAUSES_S = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True, slots=True)
class Progress:
    """``state``: queued, running, or how the job has ended. ``percent`` never goes back."""

    state: str
    percent: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The last event: the job has ended, and its charge is booked."""

    state: str
    charge: Money | None
    error: Mapping[str, Any] | None
    """``code`` and ``message``, when it did not succeed."""
    images: tuple[Asset, ...]
    """Behind links: ``job.wait()`` fetches them."""


JobEvent: TypeAlias = Progress | PartialImage | Settled


class Following:
    """One reading of a job's events, over as many connections as it takes."""

    def __init__(self, job_id: str) -> None:
        self.over = False
        self._job_id = job_id
        self._parser = Parser()
        self._last_id = ""
        self._state = "queued"
        self._percent = 0
        self._failures = 0

    def call(self) -> Call:
        """The next connection's request."""
        self._parser = Parser()
        headers = {"accept": "text/event-stream"}
        if self._last_id:
            headers["last-event-id"] = self._last_id
        return Call(
            "GET",
            f"{job_path(self._job_id)}/events",
            content={"params": {"images": "base64"}},
            headers=headers,
            timeout_s=_SILENCE_MAX_S,
        )

    def feed(self, data: bytes) -> Iterator[JobEvent]:
        """Raises :class:`errors.APIResponseError`."""
        for event in self._parser.feed(data):
            self._last_id, self._failures = event.id or self._last_id, 0
            read = _READ.get(event.name)
            if read is not None:
                yield read(self, event)

    def pause_s(self, error: errors.APIError | None) -> float:
        """How long until the next connection, after this one ended or failed.

        Raises ``error`` when it is of no use to go on.
        """
        away = (errors.APIConnectionError, errors.InternalServerError)
        if error is not None and not isinstance(error, away) and not error.retryable:
            raise error
        if self._failures >= len(_PAUSES_S):
            raise error or errors.APIConnectionError(
                "The stream of the job's events keeps ending early.",
                errors.ErrorFacts(code="connection_broken", job_id=self._job_id, retryable=True),
            )
        self._failures += 1
        least_s = (error and error.facts.retry_after_s) or 0.0
        return max(least_s, _PAUSES_S[self._failures - 1])

    def _stated(self, event: Event) -> Progress:
        self._state = str(said_in(event.data).get("state", self._state))
        if self._state == "succeeded":
            self._percent = 100
        return Progress(self._state, self._percent)

    def _progressed(self, event: Event) -> Progress:
        self._percent = max(self._percent, int(said_in(event.data).get("progress", 0)))
        return Progress(self._state, self._percent)

    def _previewed(self, event: Event) -> PartialImage:
        said = said_in(event.data)
        return PartialImage(int(said.get("index", 0)), image_of(said, said.get("size")))

    def _settled(self, event: Event) -> Settled:
        said = said_in(event.data)
        self.over = True
        charge = said.get("charge")
        return Settled(
            state=str(said.get("state", self._state)),
            charge=Money.of(charge) if charge else None,
            error=said.get("error"),
            images=tuple(Asset.of(one) for one in said.get("images") or ()),
        )


_READ = {
    "state": Following._stated,  # pyright: ignore[reportPrivateUsage]
    "progress": Following._progressed,  # pyright: ignore[reportPrivateUsage]
    "partial_image": Following._previewed,  # pyright: ignore[reportPrivateUsage]
    "settled": Following._settled,  # pyright: ignore[reportPrivateUsage]
}
