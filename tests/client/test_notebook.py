"""What a notebook shows of images and results."""

import base64
import io
import subprocess
import sys
from pathlib import Path

from PIL import Image as Pillow

import darkroom_client as sdk
from tests.fakes.pictures import Look, picture

SMALL = picture("png", Look(64, 48))


def large(mode: str = "RGB") -> bytes:
    written = io.BytesIO()
    Pillow.new(mode, (3000, 1500)).save(written, "PNG")
    return written.getvalue()


def shown(data: bytes, media_type: str) -> Pillow.Image:
    bundle, _ = sdk.Image(data)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", media_type}
    return Pillow.open(io.BytesIO(base64.b64decode(bundle[media_type])))


def test_a_small_image_is_shown_as_it_is() -> None:
    bundle, _ = sdk.Image(SMALL)._repr_mimebundle_(include=None, exclude=None)
    assert base64.b64decode(bundle["image/png"]) == SMALL


def test_a_large_image_is_shown_as_a_preview() -> None:
    assert shown(large(), "image/webp").size == (1024, 512)
    assert shown(large("RGBA"), "image/webp").mode == "RGBA"


def test_what_is_no_image_is_shown_as_text() -> None:
    bundle, _ = sdk.Image(b"nothing")._repr_mimebundle_()
    assert set(bundle) == {"text/plain"}


def test_a_broken_image_is_left_to_the_notebook() -> None:
    bundle, _ = sdk.Image(SMALL[:30])._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]) == SMALL[:30]


def test_a_result_is_a_grid_with_its_cost() -> None:
    result = sdk.Result(
        (sdk.Image(large()), sdk.Image(SMALL)),
        sdk.Usage(),
        model="gpt-image-2",
        charge=sdk.Money(33_300_000),
        warnings=(sdk.Warning("size_fitted", "<b>cropped</b>"),),
    )
    html = result._repr_html_()
    assert html.count("<img ") == 2
    assert "data:image/webp;base64," in html
    assert "$0.0333" in html
    assert "2 × gpt-image-2" in html
    assert "&lt;b&gt;cropped" in html


def test_pillow_is_not_needed(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["PIL"] = None
import darkroom_client as sdk
from darkroom_client.inputs import EditInputs
image = sdk.Image(open(sys.argv[1], "rb").read())
assert "image/png" in image._repr_mimebundle_()[0]
assert sdk.Result((image,), sdk.Usage())._repr_html_()
assert EditInputs.of(image, None).images
try:
    image.to_pil()
except ImportError:
    print("ok")
"""
    path = tmp_path / "a.png"
    path.write_bytes(large())
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "ok", done.stderr
