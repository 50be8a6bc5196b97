"""Which deployment next: those that serve the model and fit the request, in order."""

from darkroom.routing.router import Candidate, Route, Router, ServedModel

__all__ = ["Candidate", "Route", "Router", "ServedModel"]
