"""What deployments may be asked at once and per minute, and the jobs that wait for their turn."""

from darkroom.routing.limits.local import Limits
from darkroom.routing.limits.port import CallLimits
from darkroom.routing.limits.shared import SharedLimits

__all__ = ["CallLimits", "Limits", "SharedLimits"]
