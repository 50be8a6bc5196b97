"""``darkroom keys``: API keys made, listed and revoked."""

import dataclasses
import json
from typing import Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import reported
from darkroom.cli.screen import Screen, table

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


@click.group()
def command() -> None:
    """Create, list and revoke API keys."""


@command.command()
@click.argument("name")
@click.option("--account", help="Account to share jobs and images with. Default: its own.")
@click.option("--admin", is_flag=True, help="It may manage keys.")
@_AS_JSON
@connection_options
def create(name: str, account: str | None, admin: bool, as_json: bool, **options: Any) -> None:
    """Make a key and print it. It cannot be shown again."""
    screen = Screen()
    with reported(as_json), connected(options, screen) as client:
        key = client.keys.create(name, account=account, admin=admin)
        if as_json:
            click.echo(json.dumps({"ok": True, **dataclasses.asdict(key)}, ensure_ascii=False))
            return
        click.echo(key.key)
        screen.note(f"the key '{key.name}' of account '{key.account}' is shown once; keep it")


@command.command("list")
@_AS_JSON
@connection_options
def list_(as_json: bool, **options: Any) -> None:
    """List all keys, without the secret part."""
    with reported(as_json), connected(options, Screen()) as client:
        keys = client.keys.list()
        if as_json:
            shown = [dataclasses.asdict(key) for key in keys]
            for one in shown:
                del one["key"]  # never there: it is shown when it is made
            click.echo(json.dumps({"ok": True, "keys": shown}, ensure_ascii=False))
            return
        rows = [
            [
                *(key.id, key.name, key.account, key.hint, " ".join(key.scopes)),
                key.created_at[:10],
                f"revoked {key.revoked_at[:10]}" if key.revoked_at else "",
            ]
            for key in keys
        ]
        click.echo(table(["ID", "NAME", "ACCOUNT", "KEY", "SCOPES", "CREATED", ""], rows))


@command.command()
@click.argument("key_id", metavar="ID")
@_AS_JSON
@connection_options
def revoke(key_id: str, as_json: bool, **options: Any) -> None:
    """End a key at once."""
    with reported(as_json), connected(options, Screen()) as client:
        key = client.keys.revoke(key_id)
        if as_json:
            click.echo(json.dumps({"ok": True, "id": key.id, "revoked_at": key.revoked_at}))
            return
        click.echo(f"revoked {key.id} '{key.name}'")
