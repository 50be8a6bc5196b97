"""Finds the server to talk to: the one named, the one that runs here, or one of our own."""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.beacon import Address, live_beacon
from darkroom.cli.failures import Exit, Failure, of_api, starting
from darkroom.cli.screen import Screen

if TYPE_CHECKING:
    from darkroom.settings import Settings
    from darkroom_client import Client

_TIMEOUT_S = 600.0
# Long enough for another command's image; a data folder has one owner at a time.
_OWNER_WAIT_S = 300.0
_LOOK_AGAIN_S = 0.2


def connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that all commands have which talk to a server."""
    for option in reversed(
        (
            click.option(
                "--base-url",
                envvar="DARKROOM_BASE_URL",
                metavar="URL",
                help="Server to use. [DARKROOM_BASE_URL]",
            ),
            click.option(
                "--api-key",
                envvar="DARKROOM_API_KEY",
                metavar="KEY",
                help="Its API key; others can see it here. [DARKROOM_API_KEY]",
            ),
            click.option(
                "--data-dir",
                type=click.Path(path_type=Path),
                help="Folder of data. [DARKROOM_DATA_DIR]",
            ),
            click.option(
                "--config",
                type=click.Path(path_type=Path),
                help="Configuration file. [DARKROOM_CONFIG]",
            ),
        )
    ):
        command = option(command)
    return command


@contextmanager
def connected(
    options: Mapping[str, Any],
    screen: Screen,
    timeout_s: float = _TIMEOUT_S,
    *,
    embed: bool = True,
) -> Generator["Client"]:
    """A client of the server that :func:`connection_options` lead to.

    ``embed``: whether a server in this process will do where none runs. Raises :class:`Failure`
    for whatever goes wrong between it and us.
    """
    from darkroom_client import APIError, Client

    url, key = options["base_url"], options["api_key"]
    with ExitStack() as stack:
        if url and key:
            address = Address(url, key)
        else:
            address = stack.enter_context(found(options, screen, embed=embed))
        try:
            client = Client(address.url, address.key, timeout=timeout_s)
        except ValueError as error:
            raise Failure(f"--base-url: {error}", Exit.USAGE, "invalid_value") from error
        stack.enter_context(client)
        try:
            yield client
        except APIError as error:
            raise of_api(error) from error


@contextmanager
def found(
    options: Mapping[str, Any], screen: Screen, *, embed: bool, announce: bool = False
) -> Generator[Address]:
    """The address of the server that :func:`connection_options` lead to, unless all is said.

    ``announce``: others may use the embedded server too. Raises :class:`Failure`.
    """
    with starting():
        from darkroom.settings import load_settings

        settings = load_settings({name: options[name] for name in ("data_dir", "config")})
    url, key = options["base_url"], options["api_key"]
    beacon = live_beacon(settings.data_dir)
    if url:
        if beacon is None or beacon.url != url.rstrip("/").removesuffix("/v1"):
            raise Failure(
                f"{url} needs an API key: set DARKROOM_API_KEY, or use --api-key",
                Exit.AUTH,
                "invalid_api_key",
            )
        yield beacon
    elif beacon is not None:
        yield Address(beacon.url, key or beacon.key)
    elif not embed:
        raise Failure(
            "no server is running here: start one with `darkroom serve`, or name it: --base-url",
            Exit.UNAVAILABLE,
            "connection_failed",
        )
    else:
        with ExitStack() as stack:
            own = _own_or_late(settings, screen, stack, announce)
            yield Address(own.url, key or own.key)


def _own_or_late(settings: "Settings", screen: Screen, stack: ExitStack, announce: bool) -> Address:
    """An embedded server; or, when another process is just opening one, that."""
    from darkroom.cli.embedded import embedded
    from darkroom.db import DatabaseInUse

    deadline = time.monotonic() + _OWNER_WAIT_S
    waiting = False
    with starting():
        while True:
            try:
                address = stack.enter_context(embedded(settings, screen, announce=announce))
            except DatabaseInUse:
                if time.monotonic() > deadline:
                    raise
            else:
                screen.note("no server is running: using an embedded one")
                return address
            if not waiting:
                screen.note(f"waiting for another darkroom that uses {settings.data_dir}")
                waiting = True
            time.sleep(_LOOK_AGAIN_S)
            beacon = live_beacon(settings.data_dir)
            if beacon is not None:
                return beacon
