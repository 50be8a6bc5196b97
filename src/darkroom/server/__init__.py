"""The HTTP doors: who asks, what may come in, and how answers leave."""

from darkroom.server.app import create_app

__all__ = ["create_app"]
