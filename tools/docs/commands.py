"""Generates the command reference, and checks that the commands shown in the docs exist."""

import importlib
import re
import shlex
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import click

_SHELL_FENCE = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PROGRAMS = {
    *("apt-get", "cd", "curl", "docker", "export", "git"),
    *("jq", "kubectl", "mkdir", "pip", "psql"),
    *("createdb", "pg_dump", "pg_restore"),
}
_HEAD = """\
# Command line

In a checkout, write `./run darkroom …`, which needs nothing installed.

"""


def root_command() -> click.Command:
    """The ``darkroom`` command. Raises LookupError when there is none."""
    found = getattr(importlib.import_module("darkroom.cli"), "main", None)
    if not isinstance(found, click.Command):
        raise LookupError("darkroom.cli.main is not a click command")
    return found


def render() -> str:
    """The page: the help text of every command."""
    sections: list[str] = []
    for words, command in _walk(root_command(), ("darkroom",)):
        context = click.Context(
            command,
            info_name=" ".join(words),
            terminal_width=90,
            help_option_names=["-h", "--help"],
        )
        level = "#" * min(len(words) + 1, 4)
        sections.append(f"{level} {' '.join(words)}\n\n```text\n{command.get_help(context)}\n```\n")
    return _HEAD + "\n".join(sections)


def _walk(
    command: click.Command, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _walk(child, (*words, name))


def unknown(root: Path, texts: dict[Path, str]) -> Iterator[str]:
    """One line for every command in a shell fence that nobody could run."""
    doors = door_commands(root)
    for path, text in texts.items():
        for fence in _SHELL_FENCE.findall(text):
            for words in _command_lines(fence):
                problem = _problem(words, doors)
                if problem:
                    yield f"{path.relative_to(root)}: `{' '.join(words)}`: {problem}"


def door_commands(root: Path) -> set[str]:
    """The names that ``./run`` knows."""
    loader = SourceFileLoader("darkroom_run", str(root / "run"))
    spec = spec_from_loader("darkroom_run", loader)
    if spec is None:
        raise ImportError("the run script cannot be read")
    module = module_from_spec(spec)
    loader.exec_module(module)
    return {*module.COMMANDS, "lock"}


def _command_lines(fence: str) -> Iterator[list[str]]:
    for raw in fence.replace("\\\n", " ").splitlines():
        line = raw.strip().removeprefix("$ ")
        if line and not line.startswith("#"):
            words = shlex.split(line, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0], re.DOTALL):
                words = words[1:]  # a variable set for this command only
            if words:
                yield words


def _problem(words: list[str], doors: set[str]) -> str:
    program, rest = words[0], words[1:]
    if program == "./run":
        if not rest:
            return ""
        if rest[0] not in doors:
            return f"./run has no command {rest[0]}"
        if rest[0] in ("serve", "darkroom"):
            return _problem(["darkroom", *(rest if rest[0] == "serve" else rest[1:])], doors)
        return ""
    if program == "darkroom":
        try:
            return _click_problem(root_command(), rest)
        except LookupError as error:
            return str(error)
    known = program in _PROGRAMS or program.startswith(("./", ".ci/"))
    return "" if known else f"{program} is not a program that a reader is told to have"


def _click_problem(command: click.Command, rest: list[str]) -> str:
    """Follow the words down the command tree; options must belong to the command reached."""
    for at, word in enumerate(rest):
        if isinstance(command, click.Group) and not word.startswith("-"):
            child = command.get_command(click.Context(command), word)
            if child is None:
                return f"{command.name or 'darkroom'} has no command {word}"
            return _click_problem(child, rest[at + 1 :])
        if word.startswith("--") and word != "--":
            options = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
            if word.partition("=")[0] not in options | {"--help"}:
                return f"{command.name or 'darkroom'} has no option {word}"
    return ""
