"""``darkroom generate``: an image from a prompt."""

from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.asking import making_options
from darkroom.cli.making import Order, make
from darkroom.cli.reading import prompt_of

if TYPE_CHECKING:
    from darkroom_client import Client, Result


@click.command()
@click.argument("prompt")
@making_options
def command(prompt: str, **options: Any) -> None:
    """Make an image from PROMPT: a text, @FILE, or '-' for stdin.

    \b
        darkroom generate "a red bicycle" -o bike.png
        darkroom generate @poster.txt -n 4 -s 1024x1536 -o posters/
        darkroom generate "a logo" --background transparent -o - | magick - logo.ico

    The paths go to stdout, everything else to stderr. `darkroom models NAME` shows what a model
    can do.
    """

    def call(client: "Client", text: str, **asked: Any) -> "Result":
        return client.generate(text, **asked)

    make(options, lambda: Order(prompt_of(prompt), "generating", call))
