"""``darkroom playground``: a link that opens the playground of a running server, signed in."""

import json
from typing import Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import reported
from darkroom.cli.screen import Screen


@click.command()
@click.option("--key", "key_id", metavar="ID", help="Sign in with this API key; see `keys list`.")
@click.option("--open", "opened", is_flag=True, help="Open it in the browser as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@connection_options
def command(key_id: str | None, opened: bool, as_json: bool, **options: Any) -> None:
    """Print a link that opens the playground of the running server, signed in.

    The link works once, within 30 minutes. Whoever opens it acts for the API key: the one that
    this command uses; on the server's own machine the oldest that may administer.

    \b
        darkroom playground --open
        darkroom playground --key 01a1fc4a-b231-79dd-9810-86282a1b559a
    """
    screen = Screen()
    with reported(as_json), connected(options, screen, embed=False) as client:
        link = client.keys.sign_in_link(key_id)
        if as_json:
            told = {"url": link.url, "key": link.key, "expires_at": link.expires_at}
            click.echo(json.dumps({"ok": True, **told}))
        else:
            click.echo(link.url)
            screen.note(f"signs in as '{link.key_name}', once, within 30 minutes")
        if opened:
            click.launch(link.url)
