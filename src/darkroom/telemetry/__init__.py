"""What operators see of a running server: logs, metrics, traces.

The other rooms tell :class:`~darkroom.core.observer.Observer` of their work and know nothing of
what hears it. Metrics and traces are imported by who needs them: their libraries are heavy.
"""

from darkroom.telemetry.logs import set_up_logs
from darkroom.telemetry.redaction import hide

__all__ = ["hide", "set_up_logs"]
