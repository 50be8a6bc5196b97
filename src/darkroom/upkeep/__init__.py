"""Removes what is no longer needed: chores of all rooms, done by one process for all."""

from darkroom.upkeep.keeper import Keeper, cleared

__all__ = ["Keeper", "cleared"]
