"""The ``darkroom`` command: finds its commands by name, so that ``--help`` imports none of them."""

import os
from importlib import import_module
from typing import Any

import click

from darkroom import __version__

# name -> (module, one line of help): the modules are imported when the command is called.
_COMMANDS = {
    "serve": ("serve", "Start the server with the playground."),
    "generate": ("generate", "Make an image from a prompt."),
    "edit": ("edit", "Make an image from images and a prompt."),
    "estimate": ("estimate", "Print what an image would cost."),
    "models": ("models", "List the models that are served."),
    "keys": ("keys", "Create, list and revoke API keys."),
    "usage": ("usage", "Print what was spent, and on what."),
    "credits": ("credits", "Show what an account has left, or pay in."),
    "config": ("config", "Show where the configuration is and what it says."),
}

_EPILOG = """\
Exit codes: 0 done, 1 failed, 2 a wrong option or value, 3 refused by moderation,
4 the API key is missing, wrong or not allowed, 5 the balance or a budget does not cover it,
6 not reachable, busy or too slow: try again, 130 stopped with Ctrl-C."""


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

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # click's own answer to it is "Aborted!" and 1
            click.echo(err=True)
            ctx.exit(130)


@click.group(
    cls=LazyGroup, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="darkroom")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Darkroom: image generation and editing through one self-hosted gateway.

    All but serve and config work through the server that runs on this machine, or the one of
    --base-url. Without any, they do the work in their own process.
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False
