"""``darkroom serve``: the server, until it is told to stop."""

import asyncio
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from darkroom import __version__
from darkroom.cli.failures import reported, starting

_HOW_TO_SIGN_IN = {
    True: "(opens signed in: once, within 30 minutes; `darkroom playground` prints another link)",
    False: "(needs an API key: no key with the scope 'admin' is left to make a link with)",
}


def option(name: str, kind: Any, help: str) -> Callable[[Any], Any]:
    return click.option(name, type=kind, help=help)


@click.command()
@option("--host", str, "Address to listen on. [DARKROOM_HOST, default 127.0.0.1]")
@option("--port", click.IntRange(0, 65_535), "Port; 0 takes a free one. [DARKROOM_PORT, 8000]")
@option("--data-dir", click.Path(path_type=Path), "Folder of data. [DARKROOM_DATA_DIR]")
@option("--config", click.Path(path_type=Path), "Configuration file. [DARKROOM_CONFIG]")
@option("--role", click.Choice(("all", "accept")), "accept: leave jobs to others. [DARKROOM_ROLE]")
def command(**options: Any) -> None:
    """Start the server with the playground.

    Without configuration everything is embedded: a SQLite database, images on local disk, and
    the sandbox, which draws pictures without any API key.

    \b
        darkroom serve --port 8080 --data-dir /var/lib/darkroom

    Deployments and aliases of the configuration file take effect when it changes, and at SIGHUP.
    """
    with reported(), starting():
        _run(options)


def _run(options: dict[str, Any]) -> None:
    import uvloop

    _import_structlog_alone()
    from darkroom.server import allocator
    from darkroom.server.connections import allow_open_files
    from darkroom.server.serving import bound_socket, serve, sign_in_link, started, url_of
    from darkroom.settings import load_settings
    from darkroom.telemetry import set_up_logs

    allocator.tune()
    allow_open_files()
    settings = load_settings(options)
    set_up_logs(settings.log_level, settings.log_format)

    async def main() -> None:
        listener = bound_socket(settings.host, settings.port)
        try:
            async with started(settings) as server:
                url = url_of(listener)
                click.echo(_greeting(server, url, await sign_in_link(server, url)))
                sys.stdout.flush()
                await serve(server, listener)
        finally:
            listener.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def _import_structlog_alone() -> None:
    """Where rich is installed, structlog brings it along for tracebacks that we do not print: 60 ms
    of a start and 4 MB for as long as the server runs.
    https://www.structlog.org/en/stable/api.html#structlog.dev.ConsoleRenderer"""
    if "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # "not installed", to an import
    try:
        importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]


def _greeting(server: Any, url: str, link: str | None) -> str:
    """The addresses, the data folder, the providers, the first key, and how to sign in."""
    settings = server.services.settings
    deployments = settings.resolved_deployments()
    named = ", ".join(f"{one.id} ({one.provider})" for one in deployments)
    lines = [f"darkroom {__version__}", ""]
    lines += [f"  Playground   {link or url}", f"  {'':13}{_HOW_TO_SIGN_IN[bool(link)]}"]
    lines += [f"  API          {url}/v1"]
    if server.first_key:
        lines.append(f"  API key      {server.first_key}   (shown once; keep it)")
    lines += [
        f"  Data         {settings.data_dir}",
        f"  Deployments  {named}",
        f"  Health       {url}/healthz  {url}/readyz",
    ]
    if settings.metrics != "off":
        lines.append(f"  Metrics      {url}/metrics")
    if settings.webhook_allow_local:
        lines += [
            "",
            "  WARNING: webhook_allow_local is on, which is for development only. Whoever has an",
            "  API key can make this server call this machine's own ports over plain http.",
        ]
    if [one.provider for one in deployments] == ["sandbox"]:
        lines += [
            "",
            "  The sandbox draws pictures by code, without an API key and without an AI model.",
            "  For real models: set OPENAI_API_KEY and start again, or run `darkroom config init`.",
        ]
    return "\n".join([*lines, ""])
