"""The ``run`` script and CI: old Pythons can read the door, and CI really has what it promises."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
IN_CI = os.environ.get("CI") == "true"


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "run"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_old_pythons_can_read_it() -> None:
    ast.parse((ROOT / "run").read_text(encoding="utf-8"), feature_version=(3, 5))


def test_alone_it_lists_every_command() -> None:
    shown = _run()
    assert shown.returncode == 0
    listed = set(re.findall(r"(?m)^  (\w+) ", shown.stdout))
    assert listed == {
        *("serve", "darkroom", "test", "lint", "types", "imports", "docs"),
        *("bench", "chaos", "hostile", "lock", "python"),
    }


def test_an_unknown_command_is_one_line() -> None:
    shown = _run("tset")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr == "run: no command 'tset'; ./run lists them\n"


def test_the_lock_names_no_host_and_pins_every_package_by_hash() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"(?m)^(?=[a-z0-9])", text)[1:]
    assert len(entries) > 40
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


@pytest.mark.skipif(not IN_CI, reason="promised by .ci/run only")
def test_ci_has_a_database_and_a_browser() -> None:
    assert urlsplit(os.environ.get("DARKROOM_TEST_POSTGRES", "")).scheme == "postgresql"
    assert os.access(os.environ.get("DARKROOM_TEST_CHROMIUM", ""), os.X_OK)
