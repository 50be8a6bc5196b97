"""Generates the error table from the error tree."""

from darkroom.core.errors import Billing, DarkroomError, Fault, by_code

_WHOSE = {
    Fault.CALLER: "yours",
    Fault.VENDOR: "the upstream's",
    Fault.OURS: "the server's",
    Fault.NOBODY: "nobody's",
}

_HEAD = """\
# Errors

Every error has a stable `code`. The dialects dress it in their own wire format; the code and the
HTTP status stay. *Again?* says whether the same request may succeed later, *billed?* whether the
upstream may have charged the operator for the attempt. The caller pays for delivered images only.

Source: `src/darkroom/core/errors.py`.

| code | HTTP status | meaning | whose fault | again? | billed? |
|---|---|---|---|---|---|
"""


def render() -> str:
    """The page: one row per concrete error, grouped by whose fault it is."""
    order = list(Fault)
    kinds = sorted(by_code().values(), key=lambda k: (order.index(k.fault), k.status, k.code))
    return _HEAD + "\n".join(_row(kind) for kind in kinds)


def _row(kind: type[DarkroomError]) -> str:
    meaning = " ".join((kind.__doc__ or "").split())
    again = "yes" if kind.retryable else "no"
    billed = "perhaps" if kind.billing is Billing.UNKNOWN else "no"
    cells = (f"`{kind.code}`", kind.status, meaning, _WHOSE[kind.fault], again, billed)
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
