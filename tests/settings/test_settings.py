"""What an operator writes, and what comes of it: file, environment, options, and their mistakes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from darkroom.settings import ConfigError, DeploymentSettings, Settings, load_settings

SECRET = "sk-very-secret-0123456789-0123456789"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nobody has configured anything."""
    for name in os.environ:
        if name.startswith("DARKROOM_") or name == "OPENAI_API_KEY":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def written(tmp_path: Path, text: str) -> dict[str, Any]:
    path = tmp_path / "darkroom.toml"
    path.write_text(text, encoding="utf-8")
    return {"config": path}


def test_nothing_is_needed() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port, settings.config) == ("127.0.0.1", 8000, None)
    assert settings.data_dir.is_absolute()
    assert settings.resolved_database_url == f"sqlite:///{settings.data_dir}/darkroom.db"
    assert [one.provider for one in settings.resolved_deployments()] == ["sandbox"]


def test_options_go_before_the_environment_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, 'host = "file"\nport = 1\ndefault_model = "file"\n')
    monkeypatch.setenv("DARKROOM_PORT", "2")
    monkeypatch.setenv("DARKROOM_HOST", "environment")
    settings = load_settings({**file, "host": "option", "port": None})
    assert (settings.host, settings.port, settings.default_model) == ("option", 2, "file")
    assert settings.config == file["config"]


def test_every_setting_has_a_twin_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "host": "::1",
        "port": 9,
        "database_url": "postgresql://u:p@h/d",
        "storage_url": "s3://bucket",
        "public_url": "https://images.example.com",
        "init_key": "k" * 32,
        "default_model": "gpt-image-1.5",
        "job_deadline_s": 60.0,
        "link_lifetime_s": 60,
        "jobs_running_max": 7,
        "drain_s": 1.5,
        "dead_after_s": 2.0,
        "body_timeout_s": 3.0,
        "body_piece_timeout_s": 4.0,
        "image_url_networks": ["10.0.0.0/8"],
        "log_format": "json",
        "log_level": "debug",
    }
    for name, value in values.items():
        text = json.dumps(value) if isinstance(value, list) else str(value)
        monkeypatch.setenv(f"DARKROOM_{name.upper()}", text)
    settings = load_settings({})
    assert {name: getattr(settings, name) for name in values} == values
    covered = {*values, "data_dir", "config", "deployments"}
    assert covered <= set(Settings.model_fields)


def test_the_file_may_be_named_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "port = 77\n")
    monkeypatch.setenv("DARKROOM_CONFIG", str(tmp_path / "darkroom.toml"))
    assert load_settings({}).port == 77


def test_the_usual_file_is_found(tmp_path: Path) -> None:
    usual = tmp_path / "config" / "darkroom" / "darkroom.toml"
    usual.parent.mkdir(parents=True)
    usual.write_text("port = 78\n", encoding="utf-8")
    settings = load_settings({})
    assert (settings.port, settings.config) == (78, usual)


def test_reading_a_file_leaves_the_environment_alone(tmp_path: Path) -> None:
    load_settings(written(tmp_path, "port = 77\n"))
    assert load_settings({}).port == 8000


# --- mistakes -----------------------------------------------------------------------------------

DEPLOYMENT = '[[deployments]]\nid = "a"\nprovider = "openai"\n'
MISTAKES = [
    ("prot = 1", "prot"),
    ("port = 70000", "port"),
    ('port = "many"', "port"),
    ('log_level = "loud"', "log_level"),
    ('init_key = "short"', "init_key: needs at least 32 characters"),
    ('public_url = "example.com"', "public_url: starts with https://"),
    ('database_url = "mysql://x"', "database_url: starts with postgresql://"),
    ('image_url_networks = ["10.0.0.0/99"]', "image_url_networks"),
    ("drain_s = -1", "drain_s"),
    ("port = 1\nport = 2", "overwrite"),
    ("port =", ""),
    (DEPLOYMENT + 'key = "x"', "deployments.0.key"),
    (DEPLOYMENT + 'base_url = "api.openai.com"', "deployments.0.base_url: starts with https://"),
    (DEPLOYMENT + "timeout_s = 0", "deployments.0.timeout_s"),
    (DEPLOYMENT + "max_concurrent = -1", "deployments.0.max_concurrent"),
    (DEPLOYMENT + "weight = -1", "deployments.0.weight"),
    (DEPLOYMENT + "options = { a = 1 }", "deployments.0.options"),
    ("job_deadline_s = 0", "job_deadline_s"),
    ("aliases = { fast = 1 }", "aliases.fast"),
    ('[[deployments]]\nid = "a b"\nprovider = "x"', "deployments.0.id"),
    ('[[deployments]]\nid = "é"\nprovider = "x"', "deployments.0.id"),
    ('[[deployments]]\nid = "a"', "deployments.0.provider"),
    (DEPLOYMENT + 'models = "gpt-image-2"', "deployments.0.models"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_in_the_file_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    message = str(caught.value)
    assert message.startswith(f"{file['config']}: ")
    assert said in message
    assert "\n" not in message


def test_a_mistake_says_where_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "port = 1\n")
    with pytest.raises(ConfigError, match=r"^option --port: port"):
        load_settings({**file, "port": 70_000})
    monkeypatch.setenv("DARKROOM_PORT", "-1")
    with pytest.raises(ConfigError, match=r"^environment variable DARKROOM_PORT: port"):
        load_settings(file)
    monkeypatch.setenv("DARKROOM_DEPLOYMENTS", "[not json")
    monkeypatch.delenv("DARKROOM_PORT")
    with pytest.raises(ConfigError, match="deployments"):
        load_settings({})


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "none.toml"
    for options in ({"config": missing}, {}):
        monkeypatch.setenv("DARKROOM_CONFIG", str(missing))
        with pytest.raises(ConfigError, match=r"none\.toml does not exist"):
            load_settings(options)


# --- deployments --------------------------------------------------------------------------------


def test_a_deployment_says_how_much_it_may_be_asked_and_what_its_provider_needs(
    tmp_path: Path,
) -> None:
    more = (
        "max_concurrent = 4\nrequests_per_minute = 60\nweight = 3\n"
        'region = "eastus2"\noptions = { api_version = "v1" }\n'
    )
    [found] = load_settings(written(tmp_path, DEPLOYMENT + more)).resolved_deployments()
    assert (found.max_concurrent, found.requests_per_minute, found.weight) == (4, 60, 3)
    assert (found.region, found.options) == ("eastus2", {"api_version": "v1"})


def test_models_may_have_names_of_ones_own(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, '[aliases]\nfast = "gpt-image-2.5-flare"\n'))
    assert settings.aliases == {"fast": "gpt-image-2.5-flare"}


# --- secrets ------------------------------------------------------------------------------------


def deployment(tmp_path: Path, key: str) -> Settings:
    return load_settings(written(tmp_path, f"{DEPLOYMENT}api_key = {json.dumps(key)}\n"))


def test_a_key_comes_from_the_environment_a_file_or_the_line_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n", encoding="utf-8")
    monkeypatch.setenv("UPSTREAM_KEY", SECRET)
    for text in ("env:UPSTREAM_KEY", f"file:{tmp_path}/key", SECRET):
        [found] = deployment(tmp_path, text).resolved_deployments()
        assert found.api_key.reveal() == SECRET


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("env:NOBODY_SET_THIS", "environment variable NOBODY_SET_THIS is not set"),
        ("file:/nowhere/key", "/nowhere/key: No such file"),
        ("file:/", "/: Is a directory"),
    ],
)
def test_a_key_that_cannot_be_read_is_one_line(tmp_path: Path, key: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        deployment(tmp_path, key).resolved_deployments()
    assert str(caught.value).startswith("deployment 'a': ")
    assert said in str(caught.value)


def test_a_key_file_of_bytes_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not text"):
        deployment(tmp_path, f"file:{tmp_path}/key").resolved_deployments()


def test_a_secret_shows_itself_nowhere(tmp_path: Path) -> None:
    settings = load_settings(
        written(tmp_path, f'init_key = "{SECRET}"\n{DEPLOYMENT}api_key = "{SECRET}"\n')
    )
    for shown in (settings, settings.deployments, settings.resolved_deployments()):
        assert SECRET not in repr(shown)
        assert SECRET not in str(shown)
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, f'{DEPLOYMENT}api_key = ["{SECRET}"]\n'))
    assert SECRET not in str(caught.value)


def test_openais_own_variable_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    [found] = load_settings({}).resolved_deployments()
    assert (found.id, found.provider) == ("openai", "openai")
    assert found.api_key.reveal() == SECRET


def test_an_id_names_one_deployment(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, DEPLOYMENT * 2))
    with pytest.raises(ConfigError, match="'a' is used twice"):
        settings.resolved_deployments()


def test_models_are_a_list_or_a_table(tmp_path: Path) -> None:
    for text in ('models = ["m"]', 'models = { m = "m" }'):
        settings = load_settings(written(tmp_path, f"{DEPLOYMENT}{text}\n"))
        assert settings.resolved_deployments()[0].models == {"m": "m"}


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 9_000, 'data_dir = "~nobody.of.that.name/x"'], ids=["deep", "nobody"]
)
def test_a_file_that_cannot_be_meant_is_told_in_a_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"darkroom\.toml: "):
        load_settings(written(tmp_path, text))


@pytest.mark.parametrize("place", ["~nobody.of.that.name/key", "a\0b"])
def test_a_key_in_no_possible_file_is_told_in_a_line(place: str) -> None:
    deployment = DeploymentSettings(id="one", provider="openai", api_key=f"file:{place}")
    with pytest.raises(ConfigError, match="deployment 'one'"):
        deployment.deployment()
