"""Apiframe v2: one path for every model, a parameter object per family, jobs to poll."""

from darkroom.dialects.apiframe.amounts import credits_down, credits_up
from darkroom.dialects.apiframe.dialect import NAME, PREFIXES, ApiframeDialect
from darkroom.dialects.apiframe.families import catalog_name, cost_extremes, wire_name
from darkroom.dialects.apiframe.render import STATUSES, job_object

__all__ = [
    "NAME",
    "PREFIXES",
    "STATUSES",
    "ApiframeDialect",
    "catalog_name",
    "cost_extremes",
    "credits_down",
    "credits_up",
    "job_object",
    "wire_name",
]
