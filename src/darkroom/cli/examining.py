"""The checks of ``darkroom doctor``: each finds something, and says what to do about it."""

import asyncio
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom import __version__

if TYPE_CHECKING:
    from darkroom.settings import Settings
    from darkroom_client import Check, Client, Deployment

_FREE_LOW = 1_000_000_000
_FREE_MIN = 100_000_000
_SKEW_S = 60.0
"""Clocks that differ by more make links and signatures expire at odd times."""
_CHECKS_AT_ONCE = 8


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """``area`` is what was looked at; ``advice`` what to do, "" when all is well."""

    area: str
    level: Level
    what: str
    advice: str = ""


def versions() -> Finding:
    parts = (
        f"darkroom {__version__}",
        f"Python {platform.python_version()}",
        f"{platform.system()} {platform.machine()}",
    )
    return Finding("versions", Level.OK, ", ".join(parts))


def of_this_machine(settings: "Settings") -> Iterator[Finding]:
    """What can be seen without a server: files, disk and clock."""
    if settings.config is None:
        yield Finding("configuration", Level.OK, "no file: defaults and the environment")
    else:
        yield Finding("configuration", Level.OK, os.fspath(settings.config))
    yield data_folder(settings.data_dir)
    yield disk_space(settings.data_dir)
    yield clock(settings.data_dir)
    yield webhooks(settings.webhook_allow_local)


def data_folder(folder: Path) -> Finding:
    place = _existing(folder)
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".doctor-"):
            pass
    except OSError as error:
        advice = "Make it writable for this user, or choose another folder: --data-dir."
        return Finding("data folder", Level.FAILED, f"{place}: {error.strerror}", advice)
    made = "" if place == folder else " (made at the first start)"
    return Finding("data folder", Level.OK, f"{folder}{made}")


def disk_space(folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    said = f"{free / 1e9:,.1f} GB free"
    if free < _FREE_MIN:
        advice = "Delete something: without room no image can be kept."
        return Finding("disk", Level.FAILED, said, advice)
    if free < _FREE_LOW:
        advice = "An image takes about 2 MB: make room, or store them elsewhere (storage_url)."
        return Finding("disk", Level.WARNING, said, advice)
    return Finding("disk", Level.OK, said)


def clock(folder: Path, now_s: float | None = None) -> Finding:
    """``now_s`` is the time by the clock in question, in seconds since the epoch."""
    now = time.time() if now_s is None else now_s
    shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    try:
        written = max(file.stat().st_mtime for file in folder.glob("darkroom.db*"))
    except (OSError, ValueError):
        written = now
    if written > now + _SKEW_S:
        said = f"{shown}, but the database was written later than that"
        return Finding("clock", Level.FAILED, said, "The clock was set back: set it by NTP.")
    return Finding("clock", Level.OK, shown)


def webhooks(allow_local: bool) -> Finding:
    if allow_local:
        advice = "It is for development only: anyone with a key can make it call local ports."
        return Finding("webhooks", Level.WARNING, "webhook_allow_local is on", advice)
    return Finding("webhooks", Level.OK, "only to public addresses, over https")


def of_server(client: "Client", *, own: bool) -> Iterator[Finding]:
    """What the server says. ``own``: it runs inside this process.

    Raises ``APIError`` when it cannot be reached, or does not take the key.
    """
    ready = client.ready()
    where = "none is running: an embedded one was used" if own else client.base_url
    yield Finding("server", Level.OK, where)
    for name, said in ready.checks.items():
        yield Finding(name, Level.OK, said)
    if ready.clock is not None and not own:
        apart = abs(ready.clock.timestamp() - time.time())
        if apart > _SKEW_S:
            said = f"the server's differs by {apart:,.0f} s from this machine's"
            yield Finding("clock", Level.WARNING, said, "Set both by NTP.")
    models = client.models()
    yield Finding("API key", Level.OK, f"accepted; it sees {len(models)} models")


def of_deployments(client: "Client") -> Iterator[Finding]:
    """Each deployment, asked whether it would serve; for admins."""
    found = client.deployments.list()
    with ThreadPoolExecutor(_CHECKS_AT_ONCE) as threads:
        checks = list(threads.map(client.deployments.check, [one.id for one in found]))
    for deployment, check in zip(found, checks, strict=True):
        yield from _of_deployment(deployment, check)
    if {one.provider for one in found} == {"sandbox"}:
        yield Finding(
            "deployments",
            Level.WARNING,
            "only the sandbox, which draws pictures by code",
            "For real models set OPENAI_API_KEY, or list [[deployments]]: `darkroom config init`.",
        )


def _of_deployment(deployment: "Deployment", check: "Check") -> Iterator[Finding]:
    area = f"deployment {deployment.id}"
    for one in check.findings:
        yield Finding(area, Level.OK if one.ok else Level.FAILED, one.what, one.advice)
    if not check.findings:
        yield Finding(area, Level.OK, f"{deployment.provider}: there is nothing to check")
    if not deployment.usable:
        retry = deployment.raw["circuit"]["retry_at"] or "soon"
        why = f" ({deployment.reason})" if deployment.reason else ""
        said = f"is avoided now: {deployment.circuit}{why}"
        yield Finding(area, Level.WARNING, said, f"It is tried again at {retry}.")


def of_store(settings: "Settings") -> Iterator[Finding]:
    """Whose the stored images are. What cannot be opened is the server's to tell, where one is."""
    try:
        trouble = asyncio.run(_trouble_of_store(settings))
    except FileNotFoundError:
        return  # there is no database before the first start
    except Exception as error:  # noqa: BLE001 - drivers and stores raise what they like
        said = f"cannot be looked at: {type(error).__name__}"
        advice = "Check database_url, storage_url and the credentials of the store."
        yield Finding("store", Level.FAILED, said, advice)
        return
    if not trouble:
        yield Finding("store", Level.OK, "belongs to this database")
        return
    what, _, advice = trouble.partition("; ")
    yield Finding("store", Level.FAILED, what, f"{advice[:1].upper()}{advice[1:]}.")


async def _trouble_of_store(settings: "Settings") -> str:
    from darkroom.assets import Ownership
    from darkroom.wiring import stored

    async with stored(settings, read_only=True) as (database, blobs):
        return await Ownership(database, blobs).trouble()


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((one for one in (folder, *folder.parents) if one.is_dir()), Path(sys.prefix))
