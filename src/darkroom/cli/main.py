"""The ``darkroom`` command: finds its commands by name, so that ``--help`` imports none of them."""

import os
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from darkroom import __version__

# name -> (module, one line of help): the modules are imported when the command is called.
_COMMANDS = {
    "serve": ("serve", "Start the server with the playground."),
    "playground": ("playground", "Print a link that opens the playground, signed in."),
    "generate": ("generate", "Make an image from a prompt."),
    "edit": ("edit", "Make an image from images and a prompt."),
    "batch": ("batch", "Make many images from a table, a list or a grid; resumable."),
    "compare": ("compare", "Make one prompt in several sizes, and compare what each costs."),
    "report": ("report.command", "Write an HTML report about jobs or a batch."),
    "estimate": ("estimate", "Print what an image would cost."),
    "jobs": ("jobs", "List jobs, look at one, wait for one, stop one, open its images."),
    "history": ("history", "Search the prompts of earlier jobs."),
    "models": ("models", "List the models that are served."),
    "keys": ("keys", "Create, list and revoke API keys."),
    "usage": ("usage", "Print what was spent, and on what."),
    "credits": ("credits", "Show what an account has left, or pay in."),
    "webhooks": ("webhooks", "Be told of jobs: endpoints, deliveries, a local receiver."),
    "mcp": ("mcp", "Serve the tools for agents over stdio (MCP)."),
    "skill": ("skill", "Install the Agent Skill, or print it."),
    "doctor": ("doctor", "Check server, key, storage and every deployment, with advice."),
    "db": ("db", "Migrate, back up, restore, check or clear up what is stored."),
    "completion": ("completion", "Print the completion script of a shell."),
    "config": ("config", "Show where the configuration is and what it says."),
}

_EPILOG = """\
Exit codes: 0 done, 1 failed, 2 a wrong option or value, 3 refused by moderation,
4 the API key is missing, wrong or not allowed, 5 the balance or a budget does not cover it,
6 not reachable, busy or too slow: try again, 7 some rows of a batch were made and others not,
130 stopped with Ctrl-C."""


_DEFAULT = "generate"
_OWN_OPTIONS = ("-h", "--help", "--version")


def _advice(word: str) -> str:
    if near := get_close_matches(word, _COMMANDS, n=1):
        return f"Did you mean '{near[0]}'?"
    return f"`darkroom --help` lists them; for a prompt: darkroom generate {word}"


class LazyGroup(click.Group):
    """A group whose commands are loaded on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        return import_module(f"darkroom.cli.{_COMMANDS[cmd_name][0]}").command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in _OWN_OPTIONS:
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        first = args[0]
        if first in _COMMANDS or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        # A lone word is rather a slip than a prompt, and a slip must not cost money.
        if first.isascii() and not first.startswith("@") and len(first.split()) == 1:
            ctx.fail(f"No such command '{first}'. {_advice(first)}")
        return super().resolve_command(ctx, [_DEFAULT, *args])

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

    \b
        darkroom "a red bicycle" -o bike.png      the same as darkroom generate
        darkroom COMMAND --help                   what a command takes, with examples

    All but serve, db, completion and config work through the server that runs on this machine, or
    the one of --base-url. Without any, they do the work in their own process.
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False
