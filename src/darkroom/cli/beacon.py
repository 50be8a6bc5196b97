"""The file by which a running server is found on this machine."""

import json
from dataclasses import dataclass
from pathlib import Path

_PROBE_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Address:
    """A server and a key for it."""

    url: str
    key: str


def live_beacon(data_dir: Path) -> Address | None:
    """The address in the data folder, if that server answers and takes the key.

    A server that crashed leaves its beacon behind, and something else may listen there by now.
    """
    import darkroom_client as sdk

    try:
        said = json.loads((data_dir / "server.json").read_text(encoding="utf-8"))
        address = Address(str(said["url"]), str(said["key"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None
    try:
        with sdk.Client(
            address.url, address.key, timeout=_PROBE_TIMEOUT_S, max_retries=0
        ) as client:
            client.jobs.list(limit=1)
    except sdk.APITimeoutError as error:
        return address if error.code == "timeout" else None  # connected: busy, not gone
    except (sdk.APIError, ValueError, LookupError, TypeError):
        return None
    return address
