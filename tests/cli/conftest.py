"""One server process for all command line tests, and the ways to call commands."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from darkroom.cli import main
from tests.cli.serving import ServerProcess, command, environment, write_config
from tests.fakes.openai_vendor import OpenAIVendor

Call = Callable[..., Result]


@pytest.fixture(scope="session")
def shared_vendor() -> Iterator[OpenAIVendor]:
    with OpenAIVendor() as vendor:
        yield vendor


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, shared_vendor: OpenAIVendor
) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(
        folder / "data", write_config(folder, shared_vendor, economy_poll_s=0.05)
    ) as running:
        yield running


@pytest.fixture
def vendor(shared_vendor: OpenAIVendor) -> OpenAIVendor:
    """The upstream behind :func:`server`, without a past."""
    shared_vendor.reset()
    return shared_vendor


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(server: ServerProcess, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call a command in this process; it finds the server by its beacon."""
    for name in ("DARKROOM_BASE_URL", "DARKROOM_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DARKROOM_DATA_DIR", str(server.data_dir))
    monkeypatch.setenv("DARKROOM_CONFIG", str(server.config))

    def call(*words: str, stdin: bytes | str = b"") -> Result:
        return CliRunner().invoke(main, words, input=stdin)

    return call


@pytest.fixture
def alone(tmp_path: Path, openai_vendor: OpenAIVendor) -> dict[str, str]:
    """The environment of processes that share a data folder without a server."""
    return environment(tmp_path / "data", write_config(tmp_path, openai_vendor, drain_s=10))


@pytest.fixture
def start(
    alone: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a command in a process of its own; whatever still runs at the end is killed."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*words: str, stdin: bytes | None = None) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603
            command(*words),
            env=alone,
            cwd=tmp_path,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if stdin is not None and process.stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
            process.stdin = None
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()
