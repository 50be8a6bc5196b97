"""Other people's clients, unmodified, against a gateway."""

from pathlib import Path

import pytest

from tests.fakes.pictures import Look, picture
from tests.support import packages
from tests.support.packages import Node


@pytest.fixture(scope="session")
def node() -> Node:
    return packages.node()


@pytest.fixture(scope="session")
def python_with_litellm() -> Path:
    return packages.python_with_litellm()


@pytest.fixture(scope="session")
def python_with_image_mcp() -> Path:
    return packages.python_with_image_mcp()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture to edit."""
    path = tmp_path / "person.png"
    path.write_bytes(picture("png", Look(64, 64)))
    return path
