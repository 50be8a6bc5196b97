"""Generates the table of faults from the catalogue that the contract test runs."""

from collections.abc import Iterator

from darkroom.core.errors import by_code
from tests.fakes.faults import FAULTS, PROVIDERS, At, Known, Outcome

_HEAD = """\
# Faults

What a vendor may do wrong, and what then becomes of the job. Every row is run against a fake vendor
of every provider that it concerns, with one deployment and with two.

- *Ends as* is the job's end when no other deployment can serve: its [error](errors.md), and the
  HTTP status as the OpenAI dialect says it. With *served* the images that came are charged, and no
  others; with an error nothing is charged.
- *Elsewhere?* says whether another deployment is asked. *Where repeating is safe*: only if a call
  that may have been billed can be repeated without buying twice, by the provider's word or by
  `resend_unknown`. A vendor that hands out under the same key what it has is first asked for that.
- *Health* is what it means for the deployment: three strikes in a row open its circuit, refused
  credentials do at once, and a rate limit lets it cool down.

How failover goes about it: [failover](../concepts/failover.md).
Source: `tests/fakes/faults.py`.
"""
_TABLE = """
## {title}

| fault | the vendor | ends as | elsewhere? | health |
|---|---|---|---|---|
"""


def render() -> str:
    """The page: one table for each place where something can go wrong."""
    return _HEAD + "\n".join(_table(at) for at in At)


def _table(at: At) -> str:
    title = at.value[0].upper() + at.value[1:]
    rows = "\n".join(_row(known) for known in FAULTS if known.at is at)
    return _TABLE.format(title=title) + rows + "\n"


def _row(known: Known) -> str:
    only = "" if known.only == PROVIDERS else f" ({_names(known.only)})"
    ends = (known.ends, *known.but.values())
    cells = (
        f"`{known.name}`",
        known.does + only,
        "; ".join(_ends(known)),
        "; ".join(dict.fromkeys(one.elsewhere for one in ends)),
        "; ".join(dict.fromkeys(one.health for one in ends)),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _ends(known: Known) -> Iterator[str]:
    yield _told(known.ends)
    for outcome in dict.fromkeys(known.but.values()):
        where = frozenset(name for name, one in known.but.items() if one == outcome)
        yield f"{_told(outcome)} at {_names(where)}"


def _told(outcome: Outcome) -> str:
    if not outcome.code:
        return "served"
    return f"`{outcome.code}`, {by_code()[outcome.code].status}"


def _names(providers: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(providers))
