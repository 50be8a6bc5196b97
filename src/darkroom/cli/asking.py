"""The options of commands that ask for images, and what they are called on the wire."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from darkroom.cli.connect import connection_options

# option -> the name on the wire
_ASKED = {
    "model": "model",
    "size": "size",
    "quality": "quality",
    "background": "background",
    "format": "output_format",
    "compression": "output_compression",
    "n": "n",
    "seed": "seed",
    "moderation": "moderation",
    "complexity": "complexity",
    "frames": "frame_count",
    "frame_ms": "frame_duration_ms",
    "partial": "partial_images",
    "input_fidelity": "input_fidelity",
    "mask_convention": "mask_convention",
}

_OUTPUT = (
    click.option(
        "-o",
        "--output",
        metavar="FILE|DIR|-",
        help="Where to write; '-' is stdout. Default: a name from the prompt.",
    ),
    click.option("--force", is_flag=True, help="Overwrite files that exist."),
)
_MODEL = (
    click.option("-m", "--model", help="Default: the server's default model."),
    click.option("-s", "--size", metavar="WxH", help="Such as 1536x1024, or auto."),
    click.option("-q", "--quality", help="Such as low, medium, high."),
    click.option("--background", help="transparent, opaque or auto."),
    click.option("-f", "--format", help="png, jpeg, webp, gif. Default: by the suffix of -o."),
    click.option("--compression", type=click.IntRange(0, 100), help="For jpeg and webp."),
    click.option("-n", type=click.IntRange(1, 10), default=1, help="How many images."),
    click.option("--seed", type=click.IntRange(0), help="The same seed, the same image."),
    click.option("--moderation", help="auto or low."),
    click.option("--complexity", help="How much planning goes into it."),
    click.option("--frames", type=click.IntRange(2, 16), help="Frames of an animated gif."),
    click.option("--frame-ms", type=click.IntRange(10, 655_350), help="How long each shows."),
    click.option("--strict-size", is_flag=True, help="Refuse a size that has to be fitted."),
    click.option(
        "--economy", is_flag=True, help="At the vendor's lower batch price; may take a day."
    ),
    click.option("--partial", type=click.IntRange(0, 3), help="Write this many previews, too."),
)
_TELLING = (
    click.option(
        "--dry-run", is_flag=True, help="Print the request and its price; make and spend nothing."
    ),
    click.option(
        "--confirm-over",
        default="1",
        metavar="USD",
        help="In a terminal, ask before more than this is spent. [default: 1]",
    ),
    click.option("-y", "--yes", is_flag=True, help="Spend without asking."),
    click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout."),
    click.option("--json-events", is_flag=True, help="What happens, as lines of JSON on stderr."),
    click.option("--quiet", is_flag=True, help="Nothing on stderr but errors."),
    click.option(
        "--timeout", type=click.FloatRange(1), default=600.0, help="Seconds. [default: 600]"
    ),
)


def making_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of commands that make images."""
    command = connection_options(command)
    for option in reversed(_TELLING):
        command = option(command)
    command = model_options(command)
    for option in reversed(_OUTPUT):
        command = option(command)
    return command


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is asked of a model."""
    for option in reversed(_MODEL):
        command = option(command)
    return command


def asked_of(options: Mapping[str, Any], format: str | None = None) -> dict[str, Any]:
    """The options as the SDK's keywords; ``format`` is what the name of the output asks for."""
    asked = {wire: options.get(name) for name, wire in _ASKED.items()}
    asked["output_format"] = asked["output_format"] or format
    if options["strict_size"]:
        asked["size_policy"] = "strict"
    if options["economy"]:
        asked["service_tier"] = "economy"
    return {name: value for name, value in asked.items() if value is not None}
