"""Other people's clients, in pinned versions, installed once outside the checkout and kept."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "tests" / "e2e" / "interop"
NPM_PACKAGES = (
    "@ai-sdk/openai@4.0.118",
    "@evolinkai/evolink-media@1.2.1",
    "@langchain/openai@1.6.0",
    "@modelcontextprotocol/sdk@1.32.2",
    "ai@7.0.173",
    "openai@7.27.0",
)
NODE_LEAST = 22  # what most of them ask for
NODE = "22.23.3"
LITELLM = "litellm==1.106.2"
IMAGE_MCP = "openai-image-mcp==0.2.1"
_INSTALL_S = 300
_RUN_S = 60


@dataclass(frozen=True)
class Node:
    """A Node.js with the packages of :data:`NPM_PACKAGES`."""

    binary: str
    packages: Path

    def run(self, script: str, folder: Path, **environment: str) -> dict[str, Any]:
        """What a script of the interop folder prints: one JSON object. ``folder`` is its home."""
        (folder / "node_modules").symlink_to(self.packages / "node_modules")
        for path in SCRIPTS.glob("*.mjs"):
            shutil.copy(path, folder)
        return _said([self.binary, str(folder / script)], environment)


def node() -> Node:
    """Installed when it is not there yet; without npm a skip, in CI a failure."""
    npm, own = shutil.which("npm"), shutil.which("node")
    if npm is None or own is None:
        raise _missing("node and npm are missing")
    wanted, binary = NPM_PACKAGES, own
    version = subprocess.check_output([own, "--version"], text=True)  # noqa: S603
    if int(version.removeprefix("v").split(".")[0]) < NODE_LEAST:
        machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
        package = f"node-{sys.platform}-{machine}"
        wanted, binary = (*wanted, f"{package}@{NODE}"), f"node_modules/{package}/bin/node"

    def install(folder: Path) -> None:
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        _done([npm, "install", *quiet, "--prefix", str(folder), *wanted])

    folder = _kept("node", wanted, install)
    return Node(str(folder / binary), folder)


def python_with(name: str, package: str) -> Path:
    """The Python of an environment of its own, in which one package is installed."""
    uv = shutil.which("uv") or shutil.which("uv", path=ROOT / ".run" / "uv" / "bin")
    if uv is None:
        raise _missing("uv is missing")

    def install(folder: Path) -> None:
        _done([uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
        python = str(folder / "bin" / "python")
        _done([uv, "pip", "install", "--quiet", "--python", python, package])

    return _kept(name, (package, sys.version), install) / "bin" / "python"


def python_with_litellm() -> Path:
    return python_with("litellm", LITELLM)


def python_with_image_mcp() -> Path:
    return python_with("image-mcp", IMAGE_MCP)


def run_python(python: Path, script: str, **environment: str) -> dict[str, Any]:
    """What a Python script of the interop folder prints: one JSON object."""
    return _said([str(python), str(SCRIPTS / script)], environment)


def _kept(name: str, what: Sequence[str], install: Callable[[Path], None]) -> Path:
    """A folder that is either whole or not there, in the user's own part of the temporary files."""
    digest = hashlib.sha256("\n".join(what).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"darkroom-tests-{name}-{digest}-{os.getuid()}"
    if not folder.exists():
        fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}-"))
        try:
            install(fresh)
            fresh.rename(folder)
        except OSError:
            if not folder.exists():  # another run was faster: its folder is as good
                raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    assert folder.stat().st_uid == os.getuid()
    return folder


def _done(command: Sequence[str]) -> None:
    """Run outside the checkout, whose own rules for packages are not theirs."""
    done = subprocess.run(  # noqa: S603 - packages of our choosing
        command,
        capture_output=True,
        text=True,
        timeout=_INSTALL_S,
        check=False,
        cwd=tempfile.gettempdir(),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _said(command: Sequence[str], environment: dict[str, str]) -> dict[str, Any]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(  # noqa: S603 - our own script
        command,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=_RUN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _missing(what: str) -> BaseException:
    kind = pytest.fail.Exception if os.environ.get("CI") else pytest.skip.Exception
    return kind(what)
