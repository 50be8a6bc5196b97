"""A folder with the documentation's input files, and a server that the adapter is pointed at."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.support.running import Running

PACKAGE = Path(__file__).parents[2] / "packages" / "darkroom-tryon"
Play = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="package")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("gateway")) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The input files that the documentation names."""
    photo = Image.new("RGB", (640, 640), (120, 150, 90))
    for name in ("person.jpg", "reference1.jpg", "reference2.jpg", "reference3.jpg"):
        photo.save(tmp_path / name)
    photo.save(tmp_path / "scene.png")
    (tmp_path / "data").mkdir()
    photo.save(tmp_path / "data" / "image.png")
    mask = Image.new("L", photo.size, 255)
    mask.paste(0, (200, 200, 400, 400))
    mask.save(tmp_path / "mask.png")
    return tmp_path


@pytest.fixture
def play(gateway: Running, folder: Path) -> Play:
    """Runs Python in the folder with nothing set but the key and the address."""

    def run(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        variables = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PACKAGE / "src"),
            "PYTHONIOENCODING": "utf-8",
            "OPENAI_API_KEY": gateway.key,
            "OPENAI_BASE_URL": f"{gateway.url}/v1",
            **extra,
        }
        return subprocess.run(  # noqa: S603 - our own Python
            [sys.executable, *arguments],
            cwd=folder,
            env={name: value for name, value in variables.items() if value},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
