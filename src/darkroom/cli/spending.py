"""Asks a person before much is spent. Programs are not asked: they have budgets and --dry-run."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.failures import Failure

if TYPE_CHECKING:
    from darkroom_client import Quote


def confirm(options: Mapping[str, Any], quote: "Callable[[], Quote]") -> None:
    """Return when it may be spent. ``quote`` is asked for only where somebody could answer.

    Raises :class:`Failure` after a no, ``click.UsageError`` for a limit that is no amount.
    """
    from darkroom_client import Money

    try:
        limit = Money.dollars(options["confirm_over"].removeprefix("$"))
    except ValueError as error:
        raise click.UsageError(f"--confirm-over: {error}.") from error
    if options["yes"] or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    price = quote()
    if price.expected <= limit:
        return
    asked = f"spend {price.expected} (at most {price.max})?"
    if not click.confirm(asked, err=True):
        raise Failure("nothing was spent", code="not_confirmed")
