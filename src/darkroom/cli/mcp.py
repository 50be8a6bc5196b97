"""``darkroom mcp``: the tools for agents over standard input and output."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darkroom import __version__
from darkroom.cli.beacon import Address, live_beacon
from darkroom.cli.connect import connection_options, found
from darkroom.cli.failures import Failure, starting
from darkroom.cli.screen import Screen

if TYPE_CHECKING:
    from darkroom_client import AsyncClient

_OUTPUT = "darkroom-images"


@click.command()
@click.option(
    "--dir",
    "folders",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    help="Folder that images may be read from; give it again for more. Default: the current one.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Folder that images are saved to. Default: {_OUTPUT} in the first --dir.",
)
@connection_options
def command(folders: tuple[Path, ...], output: Path | None, **options: Any) -> None:
    """Serve the tools for agents over stdio, by the Model Context Protocol.

    A host such as Claude Code or Cursor starts this by itself; see docs/guides/mcp.md for what to
    write into its configuration. It uses the server that runs here, or the one of --base-url;
    without any, it is one itself, which other commands can use meanwhile.
    """
    from darkroom.mcp.folders import Folders
    from darkroom.mcp.serving import Shop
    from darkroom.mcp.stdio import serve_stdio
    from darkroom.mcp.trouble import Trouble
    from darkroom_client import AsyncClient

    readable = folders or (_current(),)
    with _Line(options) as line:

        @asynccontextmanager
        async def connect() -> "AsyncGenerator[AsyncClient, None]":
            try:
                address = await asyncio.to_thread(line.address)
                client = AsyncClient(address.url, address.key)
            except (Failure, ValueError) as failure:
                raise Trouble(
                    f"There is no Darkroom server to work with: {failure}. Tell the user; nothing"
                    " was charged."
                ) from failure
            async with client:
                yield client

        saving = Folders(readable, output or readable[0] / _OUTPUT)
        asyncio.run(serve_stdio(Shop(connect, __version__, saving)))


def _current() -> Path:
    """The current folder; some hosts start everything in the root, which is nobody's own."""
    here = Path.cwd()
    return Path.home() / "Darkroom" if here.parent == here else here


class _Line:
    """The server to work with: looked for at each call, as it may go and come while the host
    runs for days."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._stack = ExitStack()
        self._lock = threading.Lock()

    def __enter__(self) -> "_Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def address(self) -> Address:
        """Raises :class:`Failure`."""
        url, key = self._options["base_url"], self._options["api_key"]
        if url and key:
            return Address(url, key)
        if url:
            with found(self._options, Screen(quiet=True), embed=False) as address:
                return address
        with self._lock:
            return self._running() or self._stack.enter_context(
                found(self._options, Screen(quiet=True), embed=True, announce=True)
            )

    def _running(self) -> Address | None:
        """The server of this machine's data folder, an embedded one of ours included."""
        with starting():
            from darkroom.settings import load_settings

            settings = load_settings({name: self._options[name] for name in ("data_dir", "config")})
        beacon = live_beacon(settings.data_dir)
        if beacon is None:
            return None
        return Address(beacon.url, self._options["api_key"] or beacon.key)
