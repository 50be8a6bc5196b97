"""Expiring, signed links to assets. Whoever has one may read the one asset until it expires."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable

from darkroom.core.errors import NotFound
from darkroom.core.ids import now_ms
from darkroom.core.job import Asset
from darkroom.core.secret import Secret

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}
_KEY_BYTES_MIN = 24


class Links:
    """Makes and checks links. ``key`` signs; ``lifetime_s`` is how long a new link lives."""

    def __init__(self, key: Secret, lifetime_s: int, now: Callable[[], int] = now_ms) -> None:
        if len(key.reveal()) < _KEY_BYTES_MIN:
            raise ValueError("the key that signs links is too short")
        self._key = key.reveal().encode()
        self._lifetime_ms = lifetime_s * 1000
        self._now = now

    def expires_at_ms(self, asset: Asset) -> int:
        """When a link made now ends: with its lifetime, or earlier with the asset."""
        end = self._now() + self._lifetime_ms
        return end if asset.expires_at_ms is None else min(end, asset.expires_at_ms)

    def url(self, origin: str, asset: Asset) -> str:
        """An absolute URL on ``origin``, the one that the client used to reach us."""
        expires = self.expires_at_ms(asset) // 1000
        name = f"{asset.id}.{EXTENSIONS[asset.media_type]}"
        return f"{origin}/assets/{name}?exp={expires}&sig={self._sign(asset.id, expires)}"

    def check(self, asset_id: str, expires: str, signature: str) -> None:
        """Raises :class:`NotFound` for a forged or expired link; both look alike."""
        if expires.isascii() and expires.isdigit() and len(expires) < 16:
            wanted = self._sign(asset_id, int(expires))
            alive = self._now() < int(expires) * 1000
            if hmac.compare_digest(wanted.encode(), signature.encode(errors="replace")) and alive:
                return
        raise NotFound(
            "This link has expired or is not valid. Ask for the job again to get a new one."
        )

    def _sign(self, asset_id: str, expires: int) -> str:
        message = f"GET\n{asset_id}\n{expires}".encode()
        digest = hmac.new(self._key, message, hashlib.sha256).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()
