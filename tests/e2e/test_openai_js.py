"""OpenAI's own JavaScript SDK, unmodified, against the gateway."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.pictures import Look, picture
from tests.support.running import Running

VERSION = "7.27.0"
SCRIPT = Path(__file__).with_name("openai_sdk.mjs")


@pytest.fixture(scope="module")
def node_folder() -> Path:
    """A folder in which ``import "openai"`` works; kept between runs. Without node: a skip."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        if os.environ.get("CI"):
            pytest.fail("node and npm are missing")
        pytest.skip("node and npm are missing")
    folder = Path(tempfile.gettempdir()) / f"darkroom-tests-openai-{VERSION}-{os.getuid()}"
    if not (folder / "node_modules" / "openai" / "package.json").is_file():
        folder.mkdir(mode=0o700, exist_ok=True)
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        subprocess.run(  # noqa: S603 - a package of our choosing
            [npm, "install", *quiet, "--prefix", str(folder), f"openai@{VERSION}"],
            check=True,
            timeout=120,
        )
    assert folder.stat().st_uid == os.getuid()
    return folder


def test_generate_edit_and_stream(
    node_folder: Path, gateway: Running, openai_vendor: OpenAIVendor, tmp_path: Path
) -> None:
    image = tmp_path / "person.png"
    image.write_bytes(picture("png", Look(64, 64)))
    shutil.copy(SCRIPT, node_folder)
    done = subprocess.run(  # noqa: S603 - our own script
        [str(shutil.which("node")), str(node_folder / SCRIPT.name)],
        env={
            "PATH": os.environ["PATH"],
            "BASE_URL": f"{gateway.url}/v1",
            "API_KEY": gateway.key,
            "PICTURE": str(image),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    models = said.pop("models")
    assert "gpt-image-1.5" in models
    assert said == {
        "generated": [1024, 1024],
        "usage": True,
        "edited": [1024],
        "many": [1024, 1024],
        "events": [
            ["image_generation.partial_image", 0, 1024],
            ["image_generation.partial_image", 1, 1024],
            ["image_generation.completed", None, 1024],
        ],
        "edits": [["image_edit.completed", True]],
        "refused": ["BadRequestError", 400, "unsupported_value", "size"],
        "file": len(image.read_bytes()),
    }
    assert [len(each.files) for each in openai_vendor.received] == [0, 1, 2, 0, 1]
