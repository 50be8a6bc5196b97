"""How long finished jobs keep what is large: the chores that end it. Job and charge remain."""

from darkroom.jobs.retention.chores import Kept, retention_chores

__all__ = ["Kept", "retention_chores"]
