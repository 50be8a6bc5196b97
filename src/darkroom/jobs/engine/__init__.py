"""The engine wakes workers; the jobs table is the record. One port, two implementations."""

from darkroom.jobs.engine.embedded import EmbeddedEngine
from darkroom.jobs.engine.port import STOPPING, JobEngine, RunJob

__all__ = ["STOPPING", "EmbeddedEngine", "JobEngine", "RunJob"]
