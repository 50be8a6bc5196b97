"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.postgres import temporary_database
from tests.support.running import Running, deployment

pytest_plugins = ["tests.fakes.fixtures"]


@pytest.fixture(autouse=True)
def no_settings_of_the_developer(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Tests see neither the environment's settings nor the user's configuration file."""
    for name in list(os.environ):
        if name.startswith("DARKROOM_") and not name.startswith("DARKROOM_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-config"))


@pytest.fixture
def gateway(tmp_path: Path, openai_vendor: OpenAIVendor) -> Iterator[Running]:
    """A server whose one deployment is the fake OpenAI."""
    with Running(tmp_path / "data", deployments=[deployment(openai_vendor)]) as server:
        yield server


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    with temporary_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Both kinds of database, one after the other."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'darkroom.db'}"
    return request.getfixturevalue("postgres_url")
