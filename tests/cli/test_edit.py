"""``darkroom edit``: where images come from."""

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Call
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.pictures import Look, picture

PHOTO = picture("png", Look(64, 48))
MASK = picture("png", Look(64, 48, transparent=True))


@pytest.fixture
def photo(folder: Path) -> Path:
    path = folder / "사진.png"
    path.write_bytes(PHOTO)
    return path


def test_files_and_a_mask_are_sent(call: Call, photo: Path, vendor: OpenAIVendor) -> None:
    Path("mask.png").write_bytes(MASK)
    words = ("-i", photo.name, "-i", photo.name, "--mask", "mask.png", "-o", "night.webp")
    done = call("edit", *words, "make it night")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "night.webp\n"
    received = vendor.received[-1]
    assert received.path.endswith("/images/edits")
    assert [file.name for file in received.files].count("mask") == 1
    assert len(received.files) == 3


def test_the_convention_of_a_mask_is_said(call: Call, photo: Path, vendor: OpenAIVendor) -> None:
    painted = Image.new("L", (64, 48), 255)
    painted.paste(0, (0, 0, 32, 48))
    painted.save("mask.png")
    words = ("-i", photo.name, "--mask", "mask.png", "--mask-convention", "white", "-o", "n.png")
    done = call("edit", *words, "make it night")
    assert done.exit_code == 0, done.stderr
    sent = next(file for file in vendor.received[-1].files if file.name == "mask")
    alpha = Image.open(io.BytesIO(sent.data)).getchannel("A")
    assert alpha.crop((0, 0, 32, 48)).getextrema() == (255, 255)
    assert alpha.crop((32, 0, 64, 48)).getextrema() == (0, 0)
    wrong = call("edit", "-i", photo.name, "--mask-convention", "grey", "x")
    assert wrong.exit_code == 2


def test_an_image_may_come_through_a_pipe(call: Call, vendor: OpenAIVendor) -> None:
    done = call("edit", "-i", "-", "make it night", "-o", "night.png", stdin=PHOTO)
    assert done.exit_code == 0, done.stderr
    assert len(vendor.received[-1].files) == 1


def test_a_url_and_a_file_go_together(call: Call, photo: Path, vendor: OpenAIVendor) -> None:
    url = "data:image/png;base64," + base64.b64encode(PHOTO).decode()
    done = call("edit", "-i", url, "-i", photo.name, "make it night", "-o", "night.png")
    assert done.exit_code == 0, done.stderr
    assert len(vendor.received[-1].files) == 2


def test_an_image_that_was_made_can_be_edited(call: Call) -> None:
    assert call("generate", "a cat", "-o", "cat.png").exit_code == 0
    done = call("edit", "-i", "cat.png", "add a hat", "-o", "hat.png")
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("-i", "nowhere.png", "make it night"),
        ("-i", "-", "-"),
        ("-i", "-", "--mask", "-", "make it night"),
        ("-i", "-", "make it night"),
        ("make it night",),
    ],
)
def test_impossible_inputs_are_usage_errors(
    call: Call, vendor: OpenAIVendor, words: tuple[str, ...]
) -> None:
    done = call("edit", *words)
    assert done.exit_code == 2, done.output
    assert not vendor.received


def test_what_is_no_image_is_refused(call: Call, folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    done = call("edit", "-i", "notes.txt", "make it night")
    assert done.exit_code == 1
    assert done.stderr.startswith("darkroom: Invalid image file")


def test_a_dry_run_names_the_files(call: Call, photo: Path, vendor: OpenAIVendor) -> None:
    done = call("edit", "-i", photo.name, "--mask", "-", "make it night", "--dry-run", stdin=MASK)
    assert done.exit_code == 0, done.stderr
    assert "/v1/images/edits\n" in done.stdout
    assert "image[]: 사진.png, 1 kB\nmask: stdin, 1 kB\n" in done.stdout
    assert "image in" in done.stdout
    assert not vendor.received


def test_a_dry_run_shortens_inline_images(call: Call, photo: Path) -> None:
    url = "https://images.example/cat.png"
    done = call("edit", "-i", url, "-i", photo.name, "make it night", "--dry-run", "--json")
    images = json.loads(done.stdout)["request"]["fields"]["images"]
    assert images[0] == {"image_url": url}
    assert images[1]["image_url"].startswith("data:application/octet-stream;base64,…(")
