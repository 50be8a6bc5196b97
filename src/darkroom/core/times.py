"""Times as every JSON answer writes them."""

from datetime import UTC, datetime
from typing import overload


@overload
def shown_time(at_ms: int) -> str: ...


@overload
def shown_time(at_ms: int | None) -> str | None: ...


def shown_time(at_ms: int | None) -> str | None:
    """Milliseconds since the epoch as RFC 3339 in UTC, with milliseconds."""
    if at_ms is None:
        return None
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
