"""``darkroom edit``: an image from images and a prompt."""

from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.asking import making_options
from darkroom.cli.making import Order, make
from darkroom.cli.reading import edit_inputs, prompt_of

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
@click.option(
    "--mask-convention",
    type=click.Choice(["auto", "alpha", "black", "white"]),
    help="What of the mask may change: what is transparent, black or white. Default: auto.",
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
        inputs = edit_inputs(prompt, images, mask)

        def call(client: "Client", text: str, **asked: Any) -> "Result":
            return client.edit(text, inputs.images, mask=inputs.mask, **asked)

        return Order(prompt_of(prompt), "editing", call, inputs)

    make(options, prepare)
