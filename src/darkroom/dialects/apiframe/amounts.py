"""Money as Apiframe shows it: whole credits, rounded against the one who reads them."""

from darkroom.core.money import CREDITS_PER_DOLLAR, NANOS_PER_DOLLAR


def credits_up(nanos: int) -> int:
    """What something costs: a part of a credit counts as one."""
    return -(-nanos * CREDITS_PER_DOLLAR // NANOS_PER_DOLLAR)


def credits_down(nanos: int) -> int:
    """What there is to spend: a part of a credit is not there."""
    return nanos * CREDITS_PER_DOLLAR // NANOS_PER_DOLLAR
