"""Expiring, signed links to assets. Whoever has one may read the one asset until it expires."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable

from darkroom.core.errors import NotFound
from darkroom.core.ids import now_ms
from darkroom.core.job import Asset, AssetKind
from darkroom.core.secret import Secret

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}
_KEY_BYTES_MIN = 24
_LINK = re.compile(
    r"https?://[^?#]*/assets/([\w\-]{1,64})\.[a-z]{3,4}\?exp=(\d+)&sig=([\w\-]+)", re.ASCII
)


class Links:
    """Makes and checks links. ``key`` signs; ``lifetime_s`` is how long a new link lives."""

    def __init__(self, key: Secret, lifetime_s: int, now: Callable[[], int] = now_ms) -> None:
        if len(key.reveal()) < _KEY_BYTES_MIN:
            raise ValueError("the key that signs links is too short")
        self._key = key.reveal().encode()
        self._lifetime_ms = lifetime_s * 1000
        self._now = now

    def expires_at_ms(self, asset: Asset) -> int:
        """When a link made now ends: with its lifetime, or earlier with the asset.

        The link to an uploaded file that ends by itself lives as long as the file.
        """
        end = self._now() + self._lifetime_ms
        if asset.expires_at_ms is None:
            return end
        return (
            asset.expires_at_ms if asset.kind is AssetKind.UPLOAD else min(end, asset.expires_at_ms)
        )

    def url(self, origin: str, asset: Asset) -> str:
        """An absolute URL on ``origin``, the one that the client used to reach us."""
        expires = self.expires_at_ms(asset) // 1000
        name = f"{asset.id}.{EXTENSIONS[asset.media_type]}"
        return f"{origin}/assets/{name}?exp={expires}&sig={self._sign(asset.id, expires)}"

    def small_url(self, origin: str, asset: Asset, edge: int) -> str | None:
        """A URL of the small copy with that edge; None for a partial image, which has none.

        It stays the same for a quarter of its life, so that browsers need not load it anew.
        """
        if asset.kind is AssetKind.PARTIAL:
            return None
        step = max(1, self._lifetime_ms // 4000)
        expires = (self._now() + self._lifetime_ms) // 1000 // step * step + step
        if asset.expires_at_ms is not None:
            expires = min(expires, asset.expires_at_ms // 1000)
        name = small_name(asset.id, edge)
        return f"{origin}/assets/{name}.webp?exp={expires}&sig={self._sign(name, expires)}"

    def check(self, asset_id: str, expires: str, signature: str) -> None:
        """Raises :class:`NotFound` for a forged or expired link; both look alike.

        Of a small copy the id is its :func:`small_name`.
        """
        if expires.isascii() and expires.isdigit() and len(expires) < 16:
            wanted = self._sign(asset_id, expires)
            alive = self._now() < int(expires) * 1000
            if hmac.compare_digest(wanted.encode(), signature.encode(errors="replace")) and alive:
                return
        raise NotFound(
            "This link has expired or is not valid. Ask for the job again to get a new one."
        )

    def asset_id(self, url: str) -> str | None:
        """The asset that a link of ours leads to, on whatever origin; None when it does not hold.

        Only this installation's key makes the signature, so the origin need not be known.
        """
        match = _LINK.fullmatch(url)
        if match is None:
            return None
        try:
            self.check(*match.groups())
        except NotFound:
            return None
        return match[1]

    def _sign(self, asset_id: str, expires: int | str) -> str:
        message = f"GET\n{asset_id}\n{expires}".encode()
        digest = hmac.new(self._key, message, hashlib.sha256).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


def small_name(asset_id: str, edge: int) -> str:
    """What links to a small copy are signed as: they do not open the image itself."""
    return f"{asset_id}/{edge}"
