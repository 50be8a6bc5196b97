"""Jobs as their owner looks back on them: searched, counted, followed through edits, deleted."""

from darkroom.jobs.history.records import Counts, Relatives, Wanted
from darkroom.jobs.history.service import History

__all__ = ["Counts", "History", "Relatives", "Wanted"]
