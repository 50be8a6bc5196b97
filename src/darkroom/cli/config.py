"""``darkroom config``: where the configuration is, what it says, and a first file."""

import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from darkroom.cli.failures import Failure, reported, starting
from darkroom.cli.screen import Screen

if TYPE_CHECKING:
    from darkroom.settings import Settings

_HIDDEN = "…"
_FILE = click.option(
    "--config", type=click.Path(path_type=Path), help="Configuration file. [DARKROOM_CONFIG]"
)
_PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")


@click.group()
def command() -> None:
    """Show where the configuration is and what it says."""


@command.command()
@_FILE
def path(config: Path | None) -> None:
    """Print the path of the configuration file.

    \b
        darkroom config path
    """
    found = _path(config)
    click.echo(os.fsencode(found))
    if not found.is_file():
        Screen().note("there is no such file; `darkroom config init` writes one")


@command.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def show(config: Path | None, as_json: bool) -> None:
    """Print the settings in effect: file, environment and defaults. Secrets stay hidden.

    \b
        darkroom config show --json
    """
    with reported(as_json):
        with starting():
            from darkroom.settings import load_settings

            settings = load_settings({"config": config})
            file = settings.config
        values = _shown(settings)
        if as_json:
            click.echo(json.dumps({"ok": True, "settings": values}, ensure_ascii=False))
            return
        click.echo(f"# {file or 'no file'}, the environment, and defaults")
        click.echo(_toml(values))


@command.command()
@_FILE
def init(config: Path | None) -> None:
    """Write a configuration file with every option explained.

    \b
        darkroom config init
    """
    target = _path(config)
    with reported():
        text = files("darkroom.cli").joinpath("darkroom.toml").read_text(encoding="utf-8")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Keys may be written into it.
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Failure(f"{target} exists already; edit it, or remove it first") from None
        except OSError as error:
            raise Failure(f"cannot write {target}: {error.strerror}") from error
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        click.echo(os.fsencode(target))
        Screen().note("every line is a comment: remove the '#' of what you want to change")


def _path(config: Path | None) -> Path:
    from darkroom.settings import config_file, default_config_file

    return config_file(config) or default_config_file()


def _shown(settings: "Settings") -> dict[str, Any]:
    """The settings as plain values, what is derived filled in, what is secret hidden."""
    from darkroom.settings import ConfigError

    values = settings.model_dump(mode="json", exclude={"config", "deployments"})
    values["init_key"] = _HIDDEN if settings.init_key else ""
    values["metrics_token"] = _reference(settings.metrics_token)
    values["otel_endpoint"] = _without_password(settings.otel_endpoint)
    values["database_url"] = _without_password(settings.resolved_database_url)
    values["storage_url"] = _without_password(settings.resolved_storage_url)
    if settings.deployments:
        values["deployments"] = [
            {**one.model_dump(mode="json"), "api_key": _reference(one.api_key)}
            for one in settings.deployments
        ]
        return values
    try:
        values["deployments"] = [
            {"id": one.id, "provider": one.provider, "base_url": one.base_url}
            for one in settings.resolved_deployments()
        ]
    except ConfigError as error:
        raise Failure(str(error), code="configuration") from error
    return values


def _reference(key: str) -> str:
    """Where a key is kept is no secret; the key is."""
    return key if not key or key.startswith(("env:", "file:")) else _HIDDEN


def _without_password(url: str) -> str:
    return _PASSWORD.sub(rf"\1:{_HIDDEN}@", url)


def _toml(values: dict[str, Any]) -> str:
    lines = [f"{name} = {_value(v)}" for name, v in values.items() if name != "deployments"]
    for deployment in values["deployments"]:
        lines += ["", "[[deployments]]"]
        lines += [f"{name} = {_value(v)}" for name, v in deployment.items() if v is not None]
    return "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        pairs = cast(dict[str, Any], value)
        return "{ " + ", ".join(f"{_value(k)} = {_value(v)}" for k, v in pairs.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
