"""``darkroom edit``: an image from images and a prompt."""

from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.making import Order, make, making_options
from darkroom.cli.reading import image_of, prompt_of

if TYPE_CHECKING:
    from darkroom_client import Client, Result


@click.command()
@click.argument("prompt")
@click.option(
    "-i",
    "--image",
    "images",
    multiple=True,
    required=True,
    metavar="FILE|URL|-",
    help="Image to start from; several times for several. '-' is stdin.",
)
@click.option(
    "--mask", metavar="FILE|URL|-", help="Its transparent part may change; as large as the image."
)
@click.option("--input-fidelity", help="low or high: how closely to keep to the images.")
@making_options
def command(prompt: str, images: tuple[str, ...], mask: str | None, **options: Any) -> None:
    """Make an image from images and PROMPT: a text, @FILE, or '-' for stdin.

    \b
        darkroom edit -i photo.jpg "make it night" -o night.webp
        darkroom edit -i room.png --mask wall.png "a blue wall" -o blue.png
        curl -s https://example.com/cat.png | darkroom edit -i - "add a hat" -o cat.png

    The paths go to stdout, everything else to stderr.
    """

    def prepare() -> Order:
        if [prompt, mask, *images].count("-") > 1:
            raise click.UsageError("Only one of PROMPT, --image and --mask can be stdin.")
        given = [image_of(image) for image in images]
        given_mask = None if mask is None else image_of(mask)

        def call(client: "Client", text: str, **asked: Any) -> "Result":
            return client.edit(text, given, mask=given_mask, **asked)

        return Order(prompt_of(prompt), "editing", call)

    make(options, prepare)
