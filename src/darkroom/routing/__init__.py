"""Which deployment next: those that serve the model and fit the request, in order."""

from darkroom.routing.budget import RetryBudget
from darkroom.routing.circuit import Circuit, CircuitState
from darkroom.routing.health import Call, Health, Standing
from darkroom.routing.limits import CallLimits, Limits, SharedLimits
from darkroom.routing.ranking import Bid, Conditions, Ranked, considered, rank
from darkroom.routing.records import claim_probe
from darkroom.routing.router import Candidate, Route, Router, ServedModel, Shutdown, Survey
from darkroom.routing.shared import SharedHealth

__all__ = [
    "Bid",
    "Call",
    "CallLimits",
    "Candidate",
    "Circuit",
    "CircuitState",
    "Conditions",
    "Health",
    "Limits",
    "Ranked",
    "RetryBudget",
    "Route",
    "Router",
    "ServedModel",
    "SharedHealth",
    "SharedLimits",
    "Shutdown",
    "Standing",
    "Survey",
    "claim_probe",
    "considered",
    "rank",
]
