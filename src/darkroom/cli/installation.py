"""Commands that work on the data of this machine's installation, not through its server."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.failures import starting

if TYPE_CHECKING:
    from darkroom.settings import Settings


def installation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--config`` and ``--data-dir``."""
    folder = click.Path(path_type=Path)
    config = click.option("--config", type=folder, help="Configuration file. [DARKROOM_CONFIG]")
    data = click.option("--data-dir", type=folder, help="Folder of data. [DARKROOM_DATA_DIR]")
    return data(config(command))


def settings_of(options: dict[str, Any]) -> "Settings":
    """The settings that those options lead to."""
    with starting():
        from darkroom.settings import load_settings

        return load_settings(options)
