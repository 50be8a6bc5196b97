"""What a model lacks, through the HTTP door: done here and said, or refused and said."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import EDIT, GENERATE, asking, client, part, refusal, send_form
from tests.support.running import Running

SIZE = (96, 64)
LEFT, RIGHT = (0, 0, 48, 64), (48, 0, 96, 64)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A gateway whose sandbox stands in for every model, with what each of them lacks."""
    folder = tmp_path_factory.mktemp("drawn")
    with (
        Running(folder / "data", deployments=[{"id": "drawn", "provider": "sandbox"}]) as server,
        client(server) as http,
    ):
        yield http


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def photo() -> Image.Image:
    image = Image.new("RGB", SIZE)
    image.putdata([(x * 2, y * 3, x ^ y) for y in range(SIZE[1]) for x in range(SIZE[0])])
    return image


def painted() -> Image.Image:
    """Black on the left, white on the right, and no alpha channel."""
    image = Image.new("RGB", SIZE, "white")
    image.paste((0, 0, 0), LEFT)
    return image


def file(name: str, image: Image.Image) -> bytes:
    return part(name, png(image), f'; filename="{name}.png"', "image/png")


def edited(http: httpx2.Client, model: str, **fields: str) -> httpx2.Response:
    asked = {"model": model, "prompt": "a red bicycle", "quality": "low", **fields}
    texts = [part(name, value) for name, value in asked.items()]
    return send_form(http, *texts, file("image", photo()), file("mask", painted()))


def picture(answer: httpx2.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    image = Image.open(io.BytesIO(base64.b64decode(answer.json()["data"][0]["b64_json"])))
    image.load()
    return image


@pytest.mark.parametrize(
    ("convention", "kept"), [("auto", RIGHT), ("black", RIGHT), ("white", LEFT)]
)
def test_a_model_without_masks_keeps_every_pixel_outside_of_one(
    drawn: httpx2.Client, convention: str, kept: tuple[int, int, int, int]
) -> None:
    answer = edited(drawn, "gemini-3-pro-image", mask_convention=convention)
    image = picture(answer)
    assert image.size == SIZE
    assert image.crop(kept).tobytes() == photo().crop(kept).tobytes()
    changed = RIGHT if kept == LEFT else LEFT
    assert image.crop(changed).tobytes() != photo().crop(changed).tobytes()
    assert "mask_composited" in answer.headers["x-darkroom-warnings"]


def test_a_mask_without_the_alpha_that_was_promised_is_refused(drawn: httpx2.Client) -> None:
    error = refusal(edited(drawn, "gpt-image-2", mask_convention="alpha"), 400)
    assert error["param"] == "mask"
    assert "no alpha channel" in error["message"]


@pytest.mark.parametrize(("convention", "opened"), [("black", LEFT), ("white", RIGHT)])
def test_the_vendor_gets_every_convention_as_alpha(
    http: httpx2.Client,
    vendor: OpenAIVendor,
    convention: str,
    opened: tuple[int, int, int, int],
) -> None:
    edited(http, "gpt-image-2", mask_convention=convention)
    sent = next(each for each in vendor.received[-1].files if each.name == "mask")
    alpha = Image.new("L", SIZE, 255)
    alpha.paste(0, opened)
    assert Image.open(io.BytesIO(sent.data)).getchannel("A").tobytes() == alpha.tobytes()


@pytest.mark.parametrize("format_", ["webp", "jpeg"])
def test_a_format_that_the_model_lacks_is_made_here(drawn: httpx2.Client, format_: str) -> None:
    asked = asking(model="gemini-3-pro-image", output_format=format_, output_compression=60)
    answer = drawn.post(GENERATE, json=asked)
    assert picture(answer).format == format_.upper()
    assert answer.json()["output_format"] == format_
    assert "format_converted" in answer.headers["x-darkroom-warnings"]


def test_a_background_that_is_not_plain_stays_and_that_is_said(drawn: httpx2.Client) -> None:
    prompt = "a stormy sea at night"
    asked = asking(prompt, model="gemini-3-pro-image", background="transparent")
    answer = drawn.post(GENERATE, json=asked)
    assert picture(answer).mode == "RGB"
    body: dict[str, Any] = answer.json()
    assert body["background"] == "opaque"
    warnings = answer.headers["x-darkroom-warnings"]
    for code in ("background_matted", "prompt_extended", "background_not_removed"):
        assert code in warnings
    job = drawn.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()
    assert job["request"]["prompt"] == prompt


def test_a_mask_and_a_transparent_background_are_not_both_done_here(drawn: httpx2.Client) -> None:
    error = refusal(edited(drawn, "gemini-3-pro-image", background="transparent"), 400)
    assert error["param"] == "background"


def test_a_size_of_another_shape_does_not_go_with_a_mask(drawn: httpx2.Client) -> None:
    error = refusal(edited(drawn, "gemini-3-pro-image", size="1024x1024"), 400)
    assert error["param"] == "size"
    assert "96x64" in error["message"]


def test_the_path_of_edits_takes_json_as_well(drawn: httpx2.Client) -> None:
    def inline(image: Image.Image) -> dict[str, str]:
        return {"image_url": f"data:image/png;base64,{base64.b64encode(png(image)).decode()}"}

    asked = asking(model="gemini-3-pro-image", mask_convention="white")
    answer = drawn.post(
        EDIT, json={**asked, "images": [inline(photo())], "mask": inline(painted())}
    )
    assert picture(answer).crop(LEFT).tobytes() == photo().crop(LEFT).tobytes()
