"""Takes over deployments and aliases from a configuration that changed, while the server runs."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import structlog

from darkroom.core.deployment import Deployment
from darkroom.settings import ConfigError, Settings, config_file, default_config_file, load_settings
from darkroom.wiring import Services

log = structlog.get_logger(__name__)

_LOOK_EVERY_S = 1.0
_FILE = "file:"
_Mark: TypeAlias = tuple[int, int, int]
"""Inode, modification time and size of a file; zeros for none."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Ids of deployments: all that there are now, in order, and how they differ from before."""

    deployments: tuple[str, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def reload(services: Services) -> Reloaded:
    """Read the configuration and the keys again; new requests go by them, running calls go on.

    Raises :class:`ConfigError` when they cannot be used: then nothing has changed.
    """
    fresh = services.rebuilt(_settings(services))
    before = {one.deployment.id: one.deployment for one in services.router.routes}
    after = {one.deployment.id: one.deployment for one in fresh.routes}
    services.router.take_over(fresh)
    done = Reloaded(
        deployments=tuple(after),
        added=tuple(name for name in after if name not in before),
        changed=tuple(_changed(before, after)),
        removed=tuple(name for name in before if name not in after),
    )
    for name in (*done.changed, *done.added):
        services.dispatch.health.look_again(name)
    log.info("configuration_reloaded", added=done.added, changed=done.changed, removed=done.removed)
    return done


class Watcher:
    """Looks at the configuration file, and the files of keys that it names, every few seconds.

    ``pause`` waits for so many seconds between two looks.
    """

    def __init__(
        self, services: Services, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._services = services
        self._pause = pause

    async def watch(self) -> None:
        """Until cancelled. A file is read when it has not changed since the look before."""
        files = self._files()
        known = before = _marks(files)
        while True:
            await self._pause(_LOOK_EVERY_S)
            seen = _marks(files)
            if seen != known and seen == before:  # else somebody may still be writing it
                self.reload()
                files = self._files()
                known = seen = _marks(files)
            before = seen

    def reload(self) -> None:
        """Like :func:`reload`, but a configuration that cannot be used is only logged."""
        try:
            reload(self._services)
        except ConfigError as error:
            log.error(
                "configuration_refused", reason=str(error), kept="the deployments from before"
            )

    @contextmanager
    def on_hangup(self) -> Generator[None]:
        """Reload at SIGHUP, where signals can be heard: in the process's main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)

    def _files(self) -> list[Path]:
        file = config_file(self._services.settings.config) or default_config_file()
        try:
            listed = _settings(self._services).deployments
        except ConfigError:
            return [file]
        keys = (one.api_key for one in listed if one.api_key.startswith(_FILE))
        return [file, *(Path(key.removeprefix(_FILE)).expanduser() for key in keys)]


def _settings(services: Services) -> Settings:
    return load_settings({"config": services.settings.config})


def _changed(before: Mapping[str, Deployment], after: Mapping[str, Deployment]) -> list[str]:
    return [name for name, one in after.items() if name in before and not _same(before[name], one)]


def _same(one: Deployment, other: Deployment) -> bool:
    if one.api_key.reveal() != other.api_key.reveal():
        return False
    return replace(one, api_key=other.api_key) == other


def _marks(files: Sequence[Path]) -> tuple[_Mark, ...]:
    return tuple(_mark(file) for file in files)


def _mark(file: Path) -> _Mark:
    try:
        found = file.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size
