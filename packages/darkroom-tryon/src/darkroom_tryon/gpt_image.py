"""The command line of OpenTryOn's ``gpt_image.py``: every flag, every message, the same files."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from darkroom_tryon.adapter import (
    BACKGROUNDS,
    DEFAULT_MODEL,
    FIDELITIES,
    MODELS,
    QUALITIES,
    SIZES,
    GPTImageAdapter,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Raises ``RuntimeError`` without a key, ``ValueError`` for flags that do not go together."""
    asked = _parser().parse_args(arguments)
    _load_dotenv()
    folder = Path(asked.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    if not os.environ.get("OPENAI_API_KEY"):
        raise RuntimeError("Set OPENAI_API_KEY in environment.")
    images = _made(asked)
    for index, data in enumerate(images):
        path = folder / f"generated_{index}.png"
        path.write_bytes(data)
        _say(f"Saved {path}")
    _say(f"\n✓ Generated {len(images)} image(s)")
    return 0


def _made(asked: argparse.Namespace) -> list[bytes]:
    if asked.mode == "text" and not asked.prompt:
        raise ValueError("--prompt is required for text mode")
    if asked.mode == "image" and not asked.images:
        raise ValueError("--images is required for image mode")
    adapter = GPTImageAdapter(model_version=asked.model)
    common = {name: getattr(asked, name) for name in ("size", "quality", "background", "n")}
    if asked.mode == "text":
        return adapter.generate_text_to_image(asked.prompt, **common)
    return adapter.generate_image_edit(
        asked.images, asked.prompt, asked.mask, input_fidelity=asked.inp_fid, **common
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gpt_image.py", description="Make images with GPT image models."
    )
    add = parser.add_argument
    add("--mode", choices=("text", "image"), default="text", help="from text, or from images")
    add("--prompt", help="what the picture shows, or what is to change")
    add("--images", nargs="+", metavar="IMAGE", help="input images: paths, URLs or base64")
    add("--output_dir", default="outputs", help="folder for the images (default: outputs)")
    add("--size", choices=SIZES, default="auto")
    add("--quality", choices=QUALITIES, default="auto")
    add("--background", choices=BACKGROUNDS, default="auto")
    add("--n", type=int, default=1, help="how many images (1 to 10)")
    add("--inp_fid", choices=FIDELITIES, default="low", help="how closely to keep the input")
    add("--mask", help="mask image: black is edited, white is kept")
    add("--model", choices=MODELS, default=DEFAULT_MODEL)
    return parser


def _load_dotenv() -> None:
    if find_spec("dotenv") is not None:
        from dotenv import load_dotenv

        load_dotenv(Path.cwd() / ".env")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
