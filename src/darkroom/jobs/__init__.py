"""The durable run of requests: accept, run, watch, cancel."""

from darkroom.jobs.engine import EmbeddedEngine, JobEngine
from darkroom.jobs.pricing import Offer, Pricing
from darkroom.jobs.run import Runner
from darkroom.jobs.service import PAGE_MAX, Follower, Jobs, Submission

__all__ = [
    "PAGE_MAX",
    "EmbeddedEngine",
    "Follower",
    "JobEngine",
    "Jobs",
    "Offer",
    "Pricing",
    "Runner",
    "Submission",
]
