"""The options that say how a report looks, for every command that writes one."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from darkroom.report.pictures import EMBEDS, PREVIEW
from darkroom.report.writing import LANGUAGES, Style

_STYLE = (
    click.option("--title", default="", help="The report's heading."),
    click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        help="The report's language. Default: the environment's, or English.",
    ),
    click.option(
        "--embed",
        type=click.Choice(EMBEDS),
        default=PREVIEW,
        show_default=True,
        help="What of the images is inside the report.",
    ),
    click.option("--credits", is_flag=True, help="Amounts in credits, too."),
)


def style_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--title``, ``--lang``, ``--embed`` and ``--credits``."""
    for option in reversed(_STYLE):
        command = option(command)
    return command


def report_style(options: Mapping[str, Any]) -> Style:
    """What they said."""
    return Style(options["title"], options["lang"] or "", options["embed"], options["credits"])
