"""Every way to give an image arrives as the same image."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

import darkroom_client as sdk
from darkroom_client import Client
from darkroom_client.inputs import EditInputs
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.pictures import Look, picture

PHOTO = picture("png", Look(64, 48))
TEXT = base64.b64encode(PHOTO).decode()


@pytest.mark.parametrize(
    "give",
    [
        lambda path: path,
        str,
        lambda _: PHOTO,
        lambda _: bytearray(PHOTO),
        lambda _: memoryview(PHOTO),
        lambda _: io.BytesIO(PHOTO),
        lambda _: sdk.Image(PHOTO),
        lambda _: sdk.AsyncImage(PHOTO),
        lambda _: TEXT,
        lambda _: "\n".join(TEXT[at : at + 76] for at in range(0, len(TEXT), 76)),
        lambda _: TEXT.rstrip("=").translate({ord("+"): "-", ord("/"): "_"}),
    ],
)
def test_an_image_is_taken_as_it_comes(give: Callable[[Path], Any], tmp_path: Path) -> None:
    path = tmp_path / "사진.png"
    path.write_bytes(PHOTO)
    for given in (give(path), [give(path)], (give(path),)):
        (held,) = EditInputs.of(given, give(path)).images
        assert (held.read_bytes() if isinstance(held, Path) else held) == PHOTO


@pytest.mark.parametrize("url", ["https://images.example/a.png", f"data:image/png;base64,{TEXT}"])
def test_urls_stay_what_they_are(url: str) -> None:
    assert EditInputs.of([url], url) == EditInputs((url,), url)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "HSV"])
def test_pillows_images_are_sent_as_png(mode: str) -> None:
    (held,) = EditInputs.of(Pillow.new(mode, (3, 2)), None).images
    assert isinstance(held, bytes)
    with Pillow.open(io.BytesIO(held)) as image:
        assert (image.format, image.size) == ("PNG", (3, 2))


def test_a_file_comes_before_text_that_looks_like_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "UklGRlike").write_bytes(PHOTO)
    monkeypatch.chdir(tmp_path)
    assert EditInputs.of("UklGRlike", None).images == (Path("UklGRlike"),)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("nowhere.png", FileNotFoundError),
        (Path("nowhere.png"), FileNotFoundError),
        (TEXT[:21], ValueError),
        (7, TypeError),
        (None, TypeError),
    ],
)
def test_what_is_no_image_is_refused_at_once(given: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        EditInputs.of([given], None)


def test_an_edit_with_a_black_and_white_mask(client: Client, openai_vendor: OpenAIVendor) -> None:
    mask = Pillow.new("L", (64, 48), 255)
    mask.paste(0, (0, 0, 32, 48))
    client.edit(
        "at night", (TEXT, Pillow.new("CMYK", (64, 48))), mask=mask, mask_convention="black"
    )
    assert len(openai_vendor.received[-1].files) == 3
