"""One endpoint with its key that serves some models through one provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from darkroom.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Deployment:
    """``models`` maps public model names to the endpoint's own; empty means every model it can."""

    id: str
    provider: str
    base_url: str = ""
    api_key: Secret = Secret("")
    models: Mapping[str, str] = field(default_factory=dict[str, str])
    timeout_s: float = 600.0
    connect_timeout_s: float = 5.0
    price_sheet: str = ""
    """The sheet of the price book by which it charges; empty: its vendor's."""
    price_multiplier_ppm: int = 1_000_000
    """Scales every price, in parts per million."""
    price_per_image: int | None = None
    """Nano-dollars per image instead of the sheet's price."""
    max_concurrent: int = 0
    """How many calls may run at once; 0: no limit."""
    requests_per_minute: int = 0
    """How many calls may start within a minute; 0: no limit."""
    weight: int = 1
    """Shares requests between deployments of the same price."""
    region: str = ""
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its provider alone understands, such as Azure's ``api_version``."""
    resend_unknown: bool | None = None
    """Whether an attempt whose outcome is unknown may be sent again; None: the provider's word."""
