"""How limits of an API key are written on the command line: ``requests=60 concurrent=4``."""

from collections.abc import Iterable, Mapping

import click

_FIELDS = {
    "requests": "requests_per_minute",
    "images": "images_per_minute",
    "bytes": "bytes_per_minute",
    "concurrent": "max_concurrent",
    "stored": "stored_bytes",
}

SETTINGS = (
    "requests, images and bytes (of input images) per minute, concurrent (jobs that wait or run),"
    " stored (bytes of all its images);"
    " 0 is no limit, nothing is the server's default"
)


def read_limits(settings: Iterable[str]) -> dict[str, int | None]:
    """The limits object of the API; a setting without value is taken back.

    Raises :class:`click.UsageError`.
    """
    found: dict[str, int | None] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        digits = value.isascii() and value.isdigit()
        if not equals or name not in _FIELDS or not (digits or not value):
            raise click.UsageError(f"'{setting}' is no limit; there are {SETTINGS}.")
        found[_FIELDS[name]] = int(value) if value else None
    return found


def written(limits: Mapping[str, int | None]) -> str:
    """The limits of a key, as they are written."""
    said = (
        f"{name}={limits[field]}"
        for name, field in _FIELDS.items()
        if limits.get(field) is not None
    )
    return " ".join(said) or "the server's default"
