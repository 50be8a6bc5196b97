"""The Agent Skill keeps to its specification, and is installed where one says."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from darkroom.cli import main

SKILL = Path(__file__).parents[2] / "src/darkroom/skill/darkroom"


def parts() -> tuple[dict[str, str], str]:
    """The fields of the first level, and the body. https://agentskills.io/specification"""
    text = (SKILL / "SKILL.md").read_text(encoding="utf-8")
    _, head, body = re.split(r"(?m)^---$", text, maxsplit=2)
    fields: dict[str, str] = {}
    name = ""
    for line in head.strip().splitlines():
        if match := re.match(r"([a-z-]+):\s*(.*)", line):
            name, value = match.groups()
            fields[name] = "" if value == ">-" else value
        else:
            fields[name] = f"{fields[name]} {line.strip()}".strip()
    return fields, body


def test_the_skill_keeps_to_the_specification() -> None:
    fields, body = parts()
    allowed = {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
    assert set(fields) <= allowed
    assert fields["name"] == SKILL.name
    assert re.fullmatch(r"(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*", fields["name"])
    assert 1 <= len(fields["description"]) <= 1024
    assert 1 <= len(fields["compatibility"]) <= 500
    assert len(body.splitlines()) < 500
    assert len(body) / 4 < 5000  # tokens, about


def test_the_commands_it_shows_exist() -> None:
    from tools.docs import commands

    path = SKILL / "SKILL.md"
    root = Path(__file__).parents[2]
    assert not list(commands.unknown(root, {path: path.read_text(encoding="utf-8")}))


def test_it_is_shown_and_installed_once(tmp_path: Path) -> None:
    source = (SKILL / "SKILL.md").read_text(encoding="utf-8")
    assert CliRunner().invoke(main, ["skill", "show"]).stdout == source
    words = ["skill", "install", "--dir", str(tmp_path / "skills")]
    first = CliRunner().invoke(main, words)
    installed = tmp_path / "skills/darkroom/SKILL.md"
    assert first.stdout.strip() == str(installed.parent)
    installed.write_text("mine")
    second = CliRunner().invoke(main, words)
    assert (second.exit_code, installed.read_text()) == (1, "mine")
    assert "--force" in second.stderr
    assert CliRunner().invoke(main, [*words, "--force"]).exit_code == 0
    assert installed.read_text(encoding="utf-8") == source


@pytest.mark.parametrize("where", ["~/.claude/skills", ".github/skills", ".gemini/skills"])
def test_the_help_names_the_common_places(where: str) -> None:
    assert where in CliRunner().invoke(main, ["skill", "install", "--help"]).stdout
