"""The command itself: what it loads, what it says, how it ends."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from darkroom.cli import main
from darkroom.cli.failures import Exit

HEAVY = (
    *("aiohttp", "sqlalchemy", "PIL", "openai", "rich", "httpx2", "pydantic", "starlette"),
    *("darkroom_client", "darkroom.server", "darkroom.settings", "mcp"),
)


@pytest.mark.parametrize(
    "words", [["--help"], ["generate", "--help"], ["keys", "--help"], ["mcp", "--help"]]
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    program = (
        "import json, sys\nfrom darkroom.cli import main\n"
        f"main({words!r}, standalone_mode=False)\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    shown = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(shown.stderr))
    assert "click" in loaded
    assert not loaded.intersection(HEAVY)


def test_help_names_every_exit_code() -> None:
    shown = CliRunner().invoke(main, ["--help"]).stdout
    said = " ".join(shown.split())
    for code in Exit:
        assert f" {int(code)} " in said
    assert "130" in said


def test_every_command_has_a_page() -> None:
    for name in main.list_commands(None):  # type: ignore[arg-type]
        shown = CliRunner().invoke(main, [name, "--help"])
        assert shown.exit_code == 0, shown.output
        assert "Show this message" in shown.output


def test_an_unknown_command_is_a_usage_error() -> None:
    shown = CliRunner().invoke(main, ["generat"])
    assert shown.exit_code == 2
    assert "generat" in shown.stderr


def test_serve_fails_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_CONFIG", str(tmp_path / "nowhere.toml"))
    shown = CliRunner().invoke(main, ["serve", "--data-dir", str(tmp_path)])
    assert shown.exit_code == 1
    assert shown.stderr.startswith("darkroom: config file")
    assert shown.stderr.count("\n") == 1


def leaves(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from leaves(found, (*words, name))
        else:
            yield " ".join((*words, name)), found


EXPLAINED_IN_GUIDES = ("webhooks", "mcp", "skill")
"""Their guides have whole sessions instead."""


def test_every_help_text_has_an_example() -> None:
    lacking = [name for name, one in leaves(main) if f"darkroom {name}" not in (one.help or "")]
    assert [name for name in lacking if name.split()[0] not in EXPLAINED_IN_GUIDES] == []
