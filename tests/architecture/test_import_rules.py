"""Who may import whom: the real tree obeys, and each contract catches what it is there to catch."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

# (contract that must break, {module: source})
CAUGHT: list[tuple[str, dict[str, str]]] = [
    ("layers", {"darkroom.core.planted": "import darkroom.catalog"}),
    ("layers", {"darkroom.routing.planted": "import darkroom.assets"}),
    ("layers", {"darkroom.jobs.planted": "import darkroom.server"}),
    ("layers", {"darkroom.dialects.planted": "import darkroom.jobs"}),
    ("layers", {"darkroom.mcp.planted": "import darkroom.wiring"}),
    ("layers", {"darkroom.attic": ""}),
    (
        "acyclic",
        {
            "darkroom.core.planted_a": "import darkroom.core.planted_b",
            "darkroom.core.planted_b": "import darkroom.core.planted_a",
        },
    ),
    ("leaves", {"darkroom.providers.planted": "import darkroom.catalog"}),
    ("leaves", {"darkroom.dialects.planted": "import darkroom.db"}),
    ("leaves", {"darkroom.dialects.planted": "import darkroom.webhooks"}),
    (
        "providers",
        {
            "darkroom.providers.planted_a": "import darkroom.providers.planted_b",
            "darkroom.providers.planted_b": "",
        },
    ),
    (
        "dialects",
        {
            "darkroom.dialects.planted_a": "import darkroom.dialects.planted_b",
            "darkroom.dialects.planted_b": "",
        },
    ),
    ("settings", {"darkroom.jobs.planted": "import darkroom.settings"}),
    ("http", {"darkroom.jobs.planted": "import aiohttp"}),
    ("http", {"darkroom.server.planted": "import httpx2"}),
    ("http", {"darkroom.egress.planted": "import requests"}),
    ("http", {"darkroom_client.planted": "import aiohttp"}),
    ("vendor-sdks", {"darkroom.providers.planted": "import openai"}),
    ("layers", {"darkroom.imaging.planted": "import darkroom.assets"}),
    ("decoders", {"darkroom.server.planted": "import PIL"}),
    ("decoders", {"darkroom.assets.planted": "import PIL"}),
    ("jobs-records", {"darkroom.server.planted": "import darkroom.jobs.records"}),
    ("assets-records", {"darkroom.jobs.planted": "import darkroom.assets.records"}),
    ("ledger-records", {"darkroom.jobs.planted": "import darkroom.ledger.records"}),
    ("server-records", {"darkroom.cli.planted": "import darkroom.server.records"}),
    ("webhooks-records", {"darkroom.jobs.planted": "import darkroom.webhooks.records"}),
    ("routing-records", {"darkroom.jobs.planted": "import darkroom.routing.records"}),
    ("sql", {"darkroom.server.planted": "import sqlalchemy"}),
    ("sql", {"darkroom.jobs.planted": "import procrastinate"}),
    ("sql", {"darkroom.jobs.records": "import psycopg"}),
    ("pure-core", {"darkroom.core.planted": "import pydantic"}),
    ("sdk", {"darkroom_client.planted": "import darkroom.core"}),
    ("sdk-users", {"darkroom.server.planted": "import darkroom_client"}),
]

# what the rules leave free, against all contracts at once
FREE: list[dict[str, str]] = [
    {},
    {"darkroom.db.planted": "import sqlalchemy, alembic, psycopg"},
    {"darkroom.assets.records": "import sqlalchemy"},
    {"darkroom.jobs.engine.planted": "import procrastinate"},
    {"darkroom.egress.planted": "import aiohttp"},
    {"darkroom.imaging.planted": "import PIL"},
    {"darkroom.providers.planted": "import darkroom.imaging"},
    {"darkroom_client.planted": "import httpx2"},
    {"darkroom.cli.planted": "import darkroom_client, darkroom.server, darkroom.settings"},
    {"darkroom.mcp.planted": "import darkroom_client, mcp"},
    {"darkroom.server.planted": "import darkroom.jobs, darkroom.dialects, darkroom.settings"},
    {"darkroom.providers.planted": "import darkroom.egress, darkroom.core"},
]

# named by contracts; a hollow copy has them even when the tree does not
_NAMED = (
    *("settings", "telemetry", "wiring", "jobs.engine"),
    *(f"{room}.records" for room in ("jobs", "assets", "ledger", "server", "webhooks", "routing")),
)


def _run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ, PYTHONPATH="src", COLUMNS="160", PYTHONDONTWRITEBYTECODE="1")
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def _hollow_copy(target: Path) -> None:
    """The packages' modules with nothing in them, so that a planted import is the only one."""
    source = ROOT / "src"
    for file in source.rglob("*.py"):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    for name in _NAMED:
        path = target.joinpath("darkroom", *name.split("."))
        if not path.is_dir() and not path.with_suffix(".py").exists():
            path.mkdir(parents=True)
            (path / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", target)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[bool]:
    """Whether the contract held, for each of CAUGHT and then each of FREE."""
    place = tmp_path_factory.mktemp("hollow")
    _hollow_copy(place / "tree")
    plants = [*CAUGHT, *(("", planted) for planted in FREE)]
    (place / "plants.json").write_text(json.dumps(plants))
    program = str(Path(__file__).with_name("lint_planted.py"))
    done = _run(
        sys.executable,
        program,
        str(place / "plants.json"),
        str(place / "verdicts.json"),
        cwd=place / "tree",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((place / "verdicts.json").read_text())


def _name(planted: dict[str, str]) -> str:
    return "; ".join(f"{module}: {source or 'new'}" for module, source in planted.items()) or "tree"


def test_the_tree_obeys_every_contract() -> None:
    program = str(Path(sys.executable).with_name("lint-imports"))
    done = _run(program, "--no-logo", "--no-cache", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "index", range(len(CAUGHT)), ids=[f"{contract}-{_name(p)}" for contract, p in CAUGHT]
)
def test_a_planted_violation_is_caught(index: int, verdicts: list[bool]) -> None:
    assert not verdicts[index]


@pytest.mark.parametrize("index", range(len(FREE)), ids=[_name(planted) for planted in FREE])
def test_what_the_rules_leave_free_passes(index: int, verdicts: list[bool]) -> None:
    assert verdicts[len(CAUGHT) + index]


def test_every_contract_has_a_planted_violation() -> None:
    config: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = {contract["id"] for contract in config["tool"]["importlinter"]["contracts"]}
    assert contracts == {contract for contract, _ in CAUGHT}
