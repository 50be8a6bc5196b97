"""``darkroom config``: the path, the settings in effect, a first file."""

import json
import re
import stat
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from darkroom.cli import main
from darkroom.settings import DeploymentSettings, Settings

EXAMPLE = files("darkroom.cli").joinpath("darkroom.toml").read_text(encoding="utf-8")


def call(*words: str) -> Result:
    return CliRunner().invoke(main, ["config", *words])


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "somewhere" / "darkroom.toml"
    monkeypatch.setenv("DARKROOM_CONFIG", str(path))
    monkeypatch.setenv("DARKROOM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return path


def uncommented() -> dict[str, Any]:
    """The example with every ``# name = value`` line in effect."""
    return tomllib.loads(re.sub(r"(?m)^# (?=\[\[|\w+ = )", "", EXAMPLE))


def test_init_writes_once(file: Path) -> None:
    assert "no such file" in call("path").stderr
    made = call("init")
    assert (made.exit_code, made.stdout) == (0, f"{file}\n")
    assert file.read_text(encoding="utf-8") == EXAMPLE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert call("path").stdout == f"{file}\n"
    file.write_text("port = 9000\n")
    again = call("init")
    assert again.exit_code == 1
    assert again.stderr == f"darkroom: {file} exists already; edit it, or remove it first\n"
    assert file.read_text() == "port = 9000\n"


def test_the_example_changes_nothing() -> None:
    assert tomllib.loads(EXAMPLE) == {}


def test_the_example_explains_every_option() -> None:
    shown = uncommented()
    (deployment,) = shown.pop("deployments")
    assert set(shown) == set(Settings.model_fields) - {"config", "deployments"}
    assert set(deployment) == set(DeploymentSettings.model_fields)


def test_the_example_shows_the_defaults() -> None:
    examples = {"data_dir", "public_url", "image_url_networks", "aliases", "deployments"}
    examples |= {"otel_endpoint"}  # its default is what the environment says
    for name, value in uncommented().items():
        if name not in examples:
            assert value == Settings.model_fields[name].get_default(call_default_factory=True), name
    Settings(**uncommented())


def test_show_hides_secrets(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(
        """
        init_key = "0123456789-0123456789-0123456789-0123456789"
        database_url = "postgresql://me:hunter2@db/darkroom"
        metrics_token = "scraper-secret"
        otel_endpoint = "http://me:hunter3@collector:4318"
        [[deployments]]
        id = "a"
        provider = "openai"
        api_key = "sk-secret"
        models = { "gpt-image-2" = "mine" }
        [[deployments]]
        id = "b"
        provider = "openai"
        api_key = "env:NAME_OF_KEY"
        """
    )
    plain = call("show")
    told = call("show", "--json")
    assert (plain.exit_code, told.exit_code) == (0, 0), plain.stderr
    for output in (plain.stdout, told.stdout):
        assert not re.search(r"hunter[23]|(sk|scraper)-secret|0123456789", output)
        assert "env:NAME_OF_KEY" in output
    shown = tomllib.loads(plain.stdout)
    assert shown == json.loads(told.stdout)["settings"] | {"deployments": shown["deployments"]}
    assert shown["database_url"] == "postgresql://me:…@db/darkroom"
    assert shown["deployments"][0]["models"] == {"gpt-image-2": "mine"}


def test_show_without_a_file_has_the_defaults(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DARKROOM_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(file.parent))
    shown = tomllib.loads(call("show").stdout)
    assert shown["port"] == 8000
    assert [one["provider"] for one in shown["deployments"]] == ["sandbox"]


def test_a_file_that_cannot_be_used_is_one_line(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("prot = 1")
    done = call("show")
    assert done.exit_code == 1
    assert re.fullmatch(r"darkroom: .*prot.*\n", done.stderr)
