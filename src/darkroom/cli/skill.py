"""``darkroom skill``: the Agent Skill, a folder of instructions that an agent reads when needed."""

import shutil
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from darkroom.cli.failures import Failure, reported

_NAME = "darkroom"
_CLAUDE = Path("~/.claude/skills")


@click.group()
def command() -> None:
    """Install the Agent Skill, or print it."""


@command.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=_CLAUDE,
    show_default=True,
    help="The agent's folder of skills.",
)
@click.option("--force", "-f", is_flag=True, help="Replace one that is installed.")
def install(folder: Path, force: bool) -> None:
    """Copy the skill into an agent's folder of skills, as a folder of its own.

    \b
    Claude Code    ~/.claude/skills, or .claude/skills in a project
    Codex          ~/.agents/skills, or .agents/skills in a project
    VS Code        .github/skills in a project, or ~/.copilot/skills
    Cursor         ~/.cursor/skills, or .cursor/skills in a project
    Gemini CLI     ~/.gemini/skills, or .gemini/skills in a project
    """
    with reported():
        target = folder.expanduser() / _NAME
        if target.exists() and not force:
            raise Failure(f"{target} exists already; --force replaces it", code="output")
        try:
            if target.exists():
                shutil.rmtree(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            with as_file(_skill()) as source:
                shutil.copytree(source, target)
        except OSError as error:
            where = error.filename or target
            raise Failure(f"cannot write {where}: {error.strerror}", code="output") from error
        click.echo(target)


@command.command()
def show() -> None:
    """Print the skill's SKILL.md."""
    click.echo(_skill().joinpath("SKILL.md").read_text(encoding="utf-8"), nl=False)


def _skill() -> Traversable:
    return files("darkroom").joinpath("skill", _NAME)
