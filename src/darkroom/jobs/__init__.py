"""The durable run of requests: accept, run, watch, cancel."""

from darkroom.jobs.dispatch import Dispatch, Economy, Offers
from darkroom.jobs.engine import STOPPING, EmbeddedEngine, JobEngine
from darkroom.jobs.history import Counts, History, Relatives, Wanted
from darkroom.jobs.pricing import Offer, Pricing
from darkroom.jobs.records import Depth, Failure, UnknownCost, depth, failures, unknown_costs
from darkroom.jobs.retention import Kept, retention_chores
from darkroom.jobs.run import Runner
from darkroom.jobs.service import PAGE_MAX, Follower, Jobs, Submission

__all__ = [
    "PAGE_MAX",
    "STOPPING",
    "Counts",
    "Depth",
    "Dispatch",
    "Economy",
    "EmbeddedEngine",
    "Failure",
    "Follower",
    "History",
    "JobEngine",
    "Jobs",
    "Kept",
    "Offer",
    "Offers",
    "Pricing",
    "Relatives",
    "Runner",
    "Submission",
    "UnknownCost",
    "Wanted",
    "depth",
    "failures",
    "retention_chores",
    "unknown_costs",
]
