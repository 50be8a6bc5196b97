"""How a routing policy is written on the command line: ``order=fastest prefer=a,b``."""

from collections.abc import Iterable, Mapping
from typing import Any

import click

_LISTS = ("prefer", "deployments", "models")
_TEXTS = ("order", "pinned", "default-model")
_SWITCHES = ("successors", "emulate", "after-refusal")
_ON_OFF = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}

SETTINGS = f"{', '.join((*_TEXTS, *_LISTS))} (lists: a,b), {', '.join(_SWITCHES)} (yes, no)"


def read_policy(settings: Iterable[str]) -> dict[str, Any]:
    """The policy object of the API; a setting without value is taken back.

    Raises :class:`click.UsageError`.
    """
    found: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        name = name.replace("_", "-")
        if not equals or name not in (*_LISTS, *_TEXTS, *_SWITCHES):
            raise click.UsageError(f"'{setting}' is no setting; there are {SETTINGS}.")
        found[name.replace("-", "_")] = _value(name, value) if value else None
    return found


def written(policy: Mapping[str, Any]) -> str:
    """The settings of a policy, as they are written."""
    return " ".join(
        f"{name.replace('_', '-')}={_text(value)}"
        for name, value in policy.items()
        if value is not None
    )


def _value(name: str, value: str) -> Any:
    if name in _LISTS:
        return [part.strip() for part in value.split(",") if part.strip()]
    if name in _SWITCHES:
        if value not in _ON_OFF:
            raise click.UsageError(f"'{name}' is yes or no.")
        return _ON_OFF[value]
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ",".join(value)
