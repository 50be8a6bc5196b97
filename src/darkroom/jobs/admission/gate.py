"""Takes a request's share of its key's allowances, or refuses it and takes nothing."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from darkroom.core.errors import InvalidRequest, RateLimited
from darkroom.core.limits import Allowance, KeyLimits
from darkroom.db import Tx
from darkroom.jobs.admission import records
from darkroom.jobs.admission.meter import Meter, cost_ns
from darkroom.jobs.admission.records import Drained

_BUSY_S = 1.0
"""When a job of the key ends nobody knows; so soon it is worth another try."""
_NAMES = ("requests", "images", "bytes")


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request takes: images to be made, bytes of new input images."""

    images: int
    bytes: int = 0


def admit(
    tx: Tx, key_id: str, limits: KeyLimits, asked: Asked, now_ms: int
) -> tuple[Allowance, ...]:
    """Inside the accepting transaction, before the job is added: take its share.

    Requests of one key are decided one after the other, in all processes. Raises
    :class:`RateLimited`, or :class:`InvalidRequest` for more than a minute's whole allowance.
    """
    if limits.unlimited:
        return ()
    now_ns = now_ms * 1_000_000
    cost = Drained(*map(cost_ns, _counts(asked), _per_minute(limits)))
    drained = records.take(tx, key_id, cost, now_ns)
    if drained is None:
        meters = _meters(limits, records.lock(tx, key_id), now_ns)
        _check(limits, asked, meters, _running(tx, key_id, limits))
        drained = records.take(tx, key_id, cost, now_ns) or Drained()  # the key's first request
    meters, running = _meters(limits, drained, now_ns), _running(tx, key_id, limits)
    if limits.max_concurrent and running >= limits.max_concurrent:
        raise _refusal((_BUSY_S, "concurrent"), _allowances(limits, meters, running))
    return _allowances(limits, meters, running + 1)


def look(tx: Tx, key_id: str, limits: KeyLimits, asked: Asked, now_ms: int) -> None:
    """Raise as :func:`admit` would now, and take nothing: before much work is done in vain."""
    if limits.unlimited:
        return
    meters = _meters(limits, records.read(tx, key_id), now_ms * 1_000_000)
    _check(limits, asked, meters, _running(tx, key_id, limits))


def _running(tx: Tx, key_id: str, limits: KeyLimits) -> int:
    """How many jobs of the key wait or run, where that counts."""
    return records.unfinished(tx, key_id) if limits.max_concurrent else 0


def _per_minute(limits: KeyLimits) -> tuple[int, int, int]:
    return (
        limits.requests_per_minute or 0,
        limits.images_per_minute or 0,
        limits.bytes_per_minute or 0,
    )


def _meters(limits: KeyLimits, drained: Drained, now_ns: int) -> list[Meter | None]:
    """In the order of the names; None where there is no limit."""
    times = (drained.requests_ns, drained.images_ns, drained.bytes_ns)
    return [
        Meter(limit, free_at_ns, now_ns) if limit else None
        for limit, free_at_ns in zip(_per_minute(limits), times, strict=True)
    ]


def _counts(asked: Asked) -> tuple[int, int, int]:
    return (1, asked.images, asked.bytes)


def _check(limits: KeyLimits, asked: Asked, meters: Sequence[Meter | None], running: int) -> None:
    waits: list[tuple[float, str]] = []
    for name, meter, count in zip(_NAMES, meters, _counts(asked), strict=True):
        if meter is None:
            continue
        if count > meter.limit:
            raise InvalidRequest(
                f"This request takes {count:,} {name}, and its API key may take"
                f" {meter.limit:,} per minute in all. Ask for less at once.",
                param="n" if name == "images" else "image",
            )
        if wait_s := meter.wait_s(count):
            waits.append((wait_s, name))
    most = limits.max_concurrent
    if most and running >= most:
        waits.append((_BUSY_S, "concurrent"))
    if waits:
        raise _refusal(max(waits), _allowances(limits, meters, running))


def _refusal(slowest: tuple[float, str], allowances: Sequence[Allowance]) -> RateLimited:
    wait_s, name = slowest
    [limit] = [one.limit for one in allowances if one.name == name]
    if name == "concurrent":
        which = "max_concurrent"
        message = (
            f"{limit:,} jobs of this API key wait or run, which is as many as it may have."
            " Try again when one has ended."
        )
    else:
        which = f"{name}_per_minute"
        message = (
            f"This API key may take {limit:,} {name} per minute, and has."
            f" Try again in {math.ceil(wait_s)} s."
        )
    left = [asdict(one) for one in allowances]
    details = {"which": which, "limit": limit, "allowances": left}
    return RateLimited(message, retry_after_s=wait_s, details=details)


def _allowances(
    limits: KeyLimits, meters: Sequence[Meter | None], running: int
) -> tuple[Allowance, ...]:
    found = [
        Allowance(name, meter.limit, meter.remaining, meter.reset_s)
        for name, meter in zip(_NAMES, meters, strict=True)
        if meter is not None
    ]
    if most := limits.max_concurrent:
        found.append(Allowance("concurrent", most, max(0, most - running)))
    return tuple(found)
