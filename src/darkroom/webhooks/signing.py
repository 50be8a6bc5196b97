"""Standard Webhooks signatures, and the secrets that make them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence

from darkroom.core.secret import Secret

_PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> Secret:
    """``whsec_`` and 256 random bits as base64."""
    return Secret(_PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode())


def signed(keys: Sequence[Secret], delivery_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The three headers. Receivers take a list of signatures when any of them is right."""
    content = f"{delivery_id}.{at_s}.".encode() + body
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(_signature(key, content) for key in keys),
    }


def _signature(key: Secret, content: bytes) -> str:
    raw = b64decode(key.reveal().removeprefix(_PREFIX))
    return "v1," + b64encode(hmac.new(raw, content, hashlib.sha256).digest()).decode()
