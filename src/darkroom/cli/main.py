"""The ``darkroom`` command: finds its commands by name, so that ``--help`` imports none of them."""

from importlib import import_module
from typing import Any

import click

from darkroom import __version__

# name -> (module, one line of help): the modules are imported when the command is called.
_COMMANDS = {
    "serve": ("serve", "Start the server with the playground."),
    "generate": ("generate", "Make an image from a prompt."),
    "edit": ("edit", "Make an image from images and a prompt."),
    "keys": ("keys", "Create, list and revoke API keys."),
    "models": ("models", "List the models that are served."),
    "config": ("config", "Show where the configuration is and what it says."),
}


class LazyGroup(click.Group):
    """A group whose commands are loaded on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        return import_module(f"darkroom.cli.{_COMMANDS[cmd_name][0]}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in _COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="darkroom")
def main(**_options: Any) -> None:
    """Darkroom: image generation and editing through one self-hosted gateway."""
