"""``darkroom estimate``: the price of an image before it is made."""

import json
from typing import Any

import click

from darkroom.cli.asking import asked_of, model_options
from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import reported
from darkroom.cli.pricing import shown_quote
from darkroom.cli.reading import edit_inputs, prompt_of
from darkroom.cli.screen import Screen


@click.command()
@click.argument("prompt")
@click.option(
    "-i",
    "--image",
    "images",
    multiple=True,
    metavar="FILE|URL|-",
    help="Price an edit of this image; several times for several. URLs are not fetched.",
)
@click.option("--mask", metavar="FILE|URL|-", help="The mask of the edit.")
@click.option("--input-fidelity", help="low or high: how closely to keep to the images.")
@click.option(
    "--price-sheet", metavar="NAME", help="Price by this sheet. Default: each deployment's own."
)
@model_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@connection_options
def command(
    prompt: str, images: tuple[str, ...], mask: str | None, price_sheet: str | None, **options: Any
) -> None:
    """Print what PROMPT would cost: a text, @FILE, or '-' for stdin. Nothing is made.

    \b
        darkroom estimate "a red bicycle" -q high -s 1536x1024 -n 4
        darkroom estimate -i photo.jpg "make it night"
        darkroom estimate "a red bicycle" -m gpt-image-1.5 --price-sheet evolink

    It takes the options of generate and edit. "At most" is what is held while the job runs.
    """
    with reported(options["as_json"]):
        inputs = edit_inputs(prompt, images, mask)
        text = prompt_of(prompt)
        with connected(options, Screen()) as client:
            quote = client.quote(
                text,
                inputs.images,
                mask=inputs.mask,
                price_sheet=price_sheet,
                **asked_of(options),
            )
        if options["as_json"]:
            click.echo(json.dumps({"ok": True, **quote.raw}, ensure_ascii=False))
            return
        click.echo(shown_quote(quote))
