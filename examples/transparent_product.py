"""A product cut out on real transparency, checked, and placed on a shop's colour."""

import argparse
import sys
from pathlib import Path

from PIL import Image

from darkroom_client import APIError, Client

PROMPT = "A blue ceramic mug, product photograph, nothing else in the picture"
SHOP_COLOUR = "#f4e9d8"
CLEAR_MAX, SOLID_MIN = 15, 240
"""Of 255. A soft shadow may reach the edge of the picture."""


def clear_share(alpha: bytes) -> float:
    """How much of a picture is clear, 0 to 1."""
    return sum(level <= CLEAR_MAX for level in alpha) / len(alpha)


def problem_of(picture: Image.Image) -> str:
    """What is wrong with a cut-out; "" when nothing is."""
    if "A" not in picture.getbands():
        return "it has no alpha channel"
    alpha, width = picture.getchannel("A").tobytes(), picture.width
    if max(alpha[0], alpha[width - 1], alpha[-width], alpha[-1]) > CLEAR_MAX:
        return "its corners are not transparent"
    if max(alpha) < SOLID_MIN:
        return "nothing in it is solid"
    return ""


def on_colour(picture: Image.Image, colour: str) -> Image.Image:
    """The cut-out on a plain ground, as a shop's page would show it."""
    ground = Image.new("RGBA", picture.size, colour)
    return Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path("out"))
    parser.add_argument("--prompt", default=PROMPT)
    asked = parser.parse_args()

    with Client() as client:
        result = client.generate(
            asked.prompt,
            size="1024x1024",
            quality="low",
            background="transparent",
            output_format="png",  # or webp: jpeg has no transparency
        )
    (path,) = result.save_all(asked.out, "product")
    for warning in result.warnings:  # such as a background that was removed afterwards
        print(warning.message, file=sys.stderr)

    picture = result.image.to_pil()
    if problem := problem_of(picture):
        sys.exit(f"{path} is no cut-out: {problem}.")
    on_colour(picture, SHOP_COLOUR).save(asked.out / "product-in-shop.jpg", quality=90)
    print(f"{path.name}: {clear_share(picture.getchannel('A').tobytes()):.0%} transparent")
    print(f"1 picture, total {result.cost}")


if __name__ == "__main__":
    try:
        main()
    except APIError as error:
        sys.exit(f"The product was not cut out: {error}")
