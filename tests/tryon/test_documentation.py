"""Every code block of OpenTryOn's GPT-Image page runs as it stands."""

import io
import shlex
from pathlib import Path

from PIL import Image

from tests.tryon.conftest import PACKAGE, Play

BLOCKS = Path(__file__).parent / "blocks"


def picture(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


def test_every_code_block_runs_word_for_word(play: Play, folder: Path) -> None:
    blocks = [str(block) for block in sorted(BLOCKS.glob("[0-9]*.txt"))]
    assert len(blocks) == 10
    player = str(Path(__file__).parent / "play.py")
    ran = play(player, str(PACKAGE / "purelib"), *blocks)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "Saved 2 images.\n"  # and no error was printed
    saved = "result_0 edited_0 outputs/text_to_image outputs/edited_image initial refined product"
    for name in saved.split():
        assert picture(folder / f"{name}.png").size == (1024, 1024), name
    for index in range(3):
        made = picture(folder / f"catalog_{index}.png")
        assert made.size == (1536, 1024)
        assert made.mode == "RGBA"
    alpha = picture(folder / "product.png").getchannel("A")
    assert alpha.getpixel((0, 0)) == 0


def test_every_command_line_runs_word_for_word(play: Play, folder: Path) -> None:
    (folder / "gpt_image.py").write_text((PACKAGE / "gpt_image.py").read_text())
    lines = [
        shlex.split(line)[1:]
        for line in (BLOCKS / "command_lines.txt").read_text().splitlines()
        if line.startswith("python ")
    ]
    assert len(lines) == 5
    counts = [1, 1, 2, 1, 1]
    for arguments, count in zip(lines, counts, strict=True):
        ran = play(*arguments)
        assert ran.returncode == 0, ran.stderr
        said = ran.stdout.splitlines()
        assert said[:count] == [f"Saved outputs/generated_{i}.png" for i in range(count)]
        assert said[count:] == ["", f"✓ Generated {count} image(s)"]
    assert picture(folder / "outputs" / "generated_1.png").size == (1536, 1024)
