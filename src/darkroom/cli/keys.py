"""``darkroom keys``: API keys made, listed, bound to a dialect or a policy, and revoked."""

import dataclasses
import json
from typing import Any

import click

from darkroom.cli import limits as limiting
from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import reported
from darkroom.cli.policies import SETTINGS, read_policy, written
from darkroom.cli.screen import Screen, byte_count, table

_DIALECT = "Whose API its users speak where a path serves several: openai, evolink, apiframe."
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")

_SET_POLICY = f"""Change how a key's jobs are routed, by SETTINGs: {SETTINGS}.

\b
    darkroom keys set-policy ID order=fastest
"""

_SET_LIMITS = f"""Change what a key may ask for: {limiting.SETTINGS}.

\b
    darkroom keys set-limits ID requests=60 images=100 concurrent=8
"""


@click.group()
def command() -> None:
    """Create, list and revoke API keys."""


@command.command()
@click.argument("name")
@click.option("--account", help="Account to share jobs and images with. Default: its own.")
@click.option("--admin", is_flag=True, help="It may manage keys.")
@click.option("--dialect", default="auto", help=f"{_DIALECT} Default: auto.")
@click.option("--policy", default="", help="How its jobs are routed; see set-policy.")
@click.option("--limits", default="", help="What it may ask for; see set-limits.")
@_AS_JSON
@connection_options
def create(
    name: str, admin: bool, dialect: str, policy: str, as_json: bool, **options: Any
) -> None:
    """Make a key and print it. It cannot be shown again.

    \b
        darkroom keys create workshop --policy "order=cheapest"
    """
    screen = Screen()
    account, routed = options.pop("account"), read_policy(policy.split())
    limits = limiting.read_limits(options.pop("limits").split())
    with reported(as_json), connected(options, screen) as client:
        key = client.keys.create(
            name, account=account, admin=admin, dialect=dialect, policy=routed, limits=limits
        )
        if as_json:
            click.echo(json.dumps({"ok": True, **dataclasses.asdict(key)}, ensure_ascii=False))
            return
        click.echo(key.key)
        screen.note(f"the key '{key.name}' of account '{key.account}' is shown once; keep it")


@command.command("list")
@_AS_JSON
@connection_options
def list_(as_json: bool, **options: Any) -> None:
    """List all keys, without the secret part.

    \b
        darkroom keys list --json
    """
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
                *(key.id, key.name, key.account, key.hint, " ".join(key.scopes), key.dialect),
                key.created_at[:10],
                f"revoked {key.revoked_at[:10]}" if key.revoked_at else "",
            ]
            for key in keys
        ]
        click.echo(
            table(["ID", "NAME", "ACCOUNT", "KEY", "SCOPES", "DIALECT", "CREATED", ""], rows)
        )


@command.command("set-dialect")
@click.argument("key_id", metavar="ID")
@click.argument("dialect")
@_AS_JSON
@connection_options
def set_dialect(key_id: str, dialect: str, as_json: bool, **options: Any) -> None:
    """Bind a key to a DIALECT: openai, evolink, apiframe; or auto, to read requests by their looks.

    It matters where a path serves several: POST /v1/images/generations is OpenAI's and EvoLink's.

    \b
        darkroom keys set-dialect ID evolink
    """
    with reported(as_json), connected(options, Screen()) as client:
        key = client.keys.set_dialect(key_id, dialect)
        if as_json:
            click.echo(json.dumps({"ok": True, "id": key.id, "dialect": key.dialect}))
            return
        click.echo(f"{key.id} '{key.name}': {key.dialect}")


@command.command("set-policy", help=_SET_POLICY)
@click.argument("key_id", metavar="ID")
@click.argument("settings", nargs=-1, metavar="SETTING=VALUE ...")
@click.option("--reset", is_flag=True, help="Take back all that was set before.")
@_AS_JSON
@connection_options
def set_policy(
    key_id: str, settings: tuple[str, ...], reset: bool, as_json: bool, **options: Any
) -> None:
    policy = read_policy(settings)
    with reported(as_json), connected(options, Screen()) as client:
        if reset:
            client.keys.set_policy(key_id, None)
        key = client.keys.set_policy(key_id, policy)
        if as_json:
            click.echo(json.dumps({"ok": True, "id": key.id, "policy": key.policy}))
            return
        click.echo(f"{key.id} '{key.name}': {written(key.policy)}")


@command.command("set-limits", help=_SET_LIMITS)
@click.argument("key_id", metavar="ID")
@click.argument("settings", nargs=-1, metavar="NAME=NUMBER ...")
@click.option("--reset", is_flag=True, help="Take back all that was set before.")
@_AS_JSON
@connection_options
def set_limits(
    key_id: str, settings: tuple[str, ...], reset: bool, as_json: bool, **options: Any
) -> None:
    limits = limiting.read_limits(settings)
    with reported(as_json), connected(options, Screen()) as client:
        if reset:
            client.keys.set_limits(key_id, None)
        key = client.keys.set_limits(key_id, limits)
        if as_json:
            click.echo(json.dumps({"ok": True, "id": key.id, "limits": key.limits}))
            return
        click.echo(f"{key.id} '{key.name}': {limiting.written(key.limits)}")


@command.command()
@click.option("--account", help="Of this account: for admins. Default: the key's own.")
@_AS_JSON
@connection_options
def storage(account: str | None, as_json: bool, **options: Any) -> None:
    """Print what the images of an account have in bytes, and what they may have.

    \b
        darkroom keys storage --account workshop
    """
    with reported(as_json), connected(options, Screen()) as client:
        found = client.keys.storage(account)
        if as_json:
            click.echo(json.dumps({"ok": True, **found.raw}, ensure_ascii=False))
            return
        most = "" if found.limit is None else f" of {byte_count(found.limit)}"
        click.echo(f"account '{found.account}': {byte_count(found.used)}{most}")
        for kind, byte_size in found.kinds.items():
            click.echo(f"  {kind:<8}  {byte_count(byte_size)}")


@command.command()
@click.argument("key_id", metavar="ID")
@_AS_JSON
@connection_options
def revoke(key_id: str, as_json: bool, **options: Any) -> None:
    """End a key at once.

    \b
        darkroom keys revoke ID
    """
    with reported(as_json), connected(options, Screen()) as client:
        key = client.keys.revoke(key_id)
        if as_json:
            click.echo(json.dumps({"ok": True, "id": key.id, "revoked_at": key.revoked_at}))
            return
        click.echo(f"revoked {key.id} '{key.name}'")
