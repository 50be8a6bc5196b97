"""The adapter's checks, its kinds of input, its masks, and the name under which it is found."""

import base64
import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.fakes.openai_vendor import OpenAIVendor
from tests.tryon.conftest import PACKAGE, Play

sys.path.insert(0, str(PACKAGE / "src"))
from darkroom_tryon import GPTImageAdapter
from darkroom_tryon.inputs import image_bytes, image_files, mask_file

sys.path.remove(str(PACKAGE / "src"))


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> GPTImageAdapter:
    """One that would reach nobody: what it refuses, it refuses before it sends."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    return GPTImageAdapter(api_key="sk-secret-of-the-test")


def png(mode: str = "RGB", size: tuple[int, int] = (64, 64), color: object = 0) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, "PNG")  # pyright: ignore[reportArgumentType]
    return out.getvalue()


def test_without_a_key_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ValueError, match="OPENAI_API_KEY"):
        GPTImageAdapter()


def test_an_unknown_model_is_refused_before_the_key_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ValueError, match="Invalid model_version: gpt-4"):
        GPTImageAdapter(model_version="gpt-4")


def test_without_the_openai_package_it_is_an_import_error(play: Play, folder: Path) -> None:
    (folder / "openai.py").write_text("raise ImportError('broken')")
    code = "from darkroom_tryon import GPTImageAdapter\nGPTImageAdapter(model_version='nonsense')"
    (folder / "script.py").write_text(code)
    ran = play("script.py")
    assert "ImportError: The openai package is missing" in ran.stderr


def test_its_repr_holds_no_key(adapter: GPTImageAdapter) -> None:
    assert "secret" not in repr(adapter)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"prompt": "  "}, "prompt is empty"),
        ({"size": "512x512"}, "Invalid size"),
        ({"quality": "best"}, "Invalid quality"),
        ({"background": "blue"}, "Invalid background"),
        ({"n": 0}, "n is 1 to 10"),
        ({"n": 11}, "n is 1 to 10"),
    ],
)
def test_a_wrong_value_is_a_value_error(
    adapter: GPTImageAdapter, wrong: dict[str, object], message: str
) -> None:
    fields: dict[str, object] = {"prompt": "a hat", **wrong}
    with pytest.raises(ValueError, match=message):
        adapter.generate_text_to_image(**fields)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=message):
        adapter.generate_image_edit(png(), **fields)  # pyright: ignore[reportArgumentType]


def test_an_edit_takes_one_to_sixteen_images(adapter: GPTImageAdapter) -> None:
    for images in ([], [png()] * 17):
        with pytest.raises(ValueError, match="1 to 16 images"):
            adapter.generate_image_edit(images, "a hat")
    with pytest.raises(ValueError, match="Invalid input_fidelity"):
        adapter.generate_image_edit(png(), "a hat", input_fidelity="medium")
    with pytest.raises(ValueError, match="prompt is empty"):
        adapter.generate_image_edit(png())


def test_every_kind_of_input_image_becomes_the_same_bytes(tmp_path: Path) -> None:
    data = png()
    path = tmp_path / "a.png"
    path.write_bytes(data)
    text = base64.b64encode(data).decode()
    kinds = (data, bytearray(data), path, str(path), text, f"data:image/png;base64,{text}")
    for kind in (*kinds, io.BytesIO(data)):
        assert image_bytes(kind) == data  # pyright: ignore[reportArgumentType]
    file = io.BytesIO(data)
    file.read()  # one that was read before is taken from its start
    assert image_bytes(file) == data
    with Image.open(path) as image:
        assert Image.open(io.BytesIO(image_bytes(image))).size == (64, 64)
    assert [name for name, _, _ in image_files((path, data))] == ["image-0.png", "image-1.png"]


def test_what_is_no_image_is_told_apart() -> None:
    with pytest.raises(FileNotFoundError, match=r"missing\.png"):
        image_bytes("missing.png")
    with pytest.raises(TypeError, match="Unsupported image type: int"):
        image_bytes(3)  # pyright: ignore[reportArgumentType]


def test_an_image_behind_a_url_is_fetched_by_the_caller() -> None:
    with OpenAIVendor() as vendor, pytest.raises(Exception, match="404"):
        image_bytes(f"{vendor.base_url}/no-such-picture.png")


def alpha_of(mask: tuple[str, bytes, str]) -> Image.Image:
    return Image.open(io.BytesIO(mask[1])).getchannel("A")


def test_black_is_edited_and_white_is_kept() -> None:
    for mode, white in (("L", 255), ("RGB", (255, 255, 255)), ("1", 1)):
        image = Image.new(mode, (8, 8), white)
        image.paste(0 if mode != "RGB" else (0, 0, 0), (2, 2, 4, 4))
        alpha = alpha_of(mask_file(image))
        assert (alpha.getpixel((3, 3)), alpha.getpixel((0, 0))) == (0, 255), mode
        assert alpha.histogram()[0] == 4


def test_a_mask_with_transparency_stays_as_it_is() -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (2, 2, 4, 4))
    alpha = alpha_of(mask_file(image))
    assert (alpha.getpixel((3, 3)), alpha.getpixel((0, 0))) == (0, 255)


def test_it_speaks_to_openai_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAIVendor() as vendor:
        monkeypatch.setenv("OPENAI_BASE_URL", vendor.base_url)
        straight = GPTImageAdapter(api_key="sk-upstream-secret")
        made = straight.generate_text_to_image("a hat", size="1024x1536", n=2)
        edited = straight.generate_image_edit((png(), png()), "a red hat", png("L", color=0))
        straight.client.close()
    assert [Image.open(io.BytesIO(data)).size for data in made] == [(1024, 1536)] * 2
    assert len(edited) == 1


def test_an_installed_opentryon_comes_first(play: Play, folder: Path) -> None:
    real = folder / "tryon" / "api"
    real.mkdir(parents=True)
    (folder / "tryon" / "__init__.py").write_text("WHO = 'the real one'")
    (real / "__init__.py").write_text("")
    (folder / "script.py").write_text(
        f"import site; site.addsitedir({str(PACKAGE / 'purelib')!r})\n"
        "import tryon, tryon.api\n"
        "print(tryon.WHO)\n"
        "try:\n    import tryon.api.openAI.image_adapter\n"
        "except ModuleNotFoundError as error:\n    print(error)\n"
    )
    ran = play("script.py")
    assert ran.stdout.splitlines() == ["the real one", "No module named 'tryon.api.openAI'"]


def test_the_name_costs_nothing_until_it_is_asked_for(play: Play, folder: Path) -> None:
    (folder / "script.py").write_text(
        f"import site, sys; site.addsitedir({str(PACKAGE / 'purelib')!r})\n"
        "print('openai' in sys.modules, 'darkroom_tryon.adapter' in sys.modules)\n"
        "from tryon.api import GPTImageAdapter\n"
        "print(GPTImageAdapter.__module__)\n"
    )
    assert play("script.py").stdout.splitlines() == ["False False", "darkroom_tryon.adapter"]


def test_the_command_line_says_what_is_missing(play: Play) -> None:
    module = ("-m", "darkroom_tryon.gpt_image")
    assert "Set OPENAI_API_KEY in environment." in play(*module, OPENAI_API_KEY="").stderr
    assert "--prompt is required for text mode" in play(*module).stderr
    assert "--images is required for image mode" in play(*module, "--mode", "image").stderr
