"""Seeded chance: the same words give the same picture on every machine and Python version."""

from random import Random


def chance(*seed: object) -> Random:
    """A generator seeded through SHA-512 of the joined words; for looks, not for secrets."""
    return Random("/".join(map(str, seed)))  # noqa: S311
