"""Darkroom: a self-hosted gateway and toolkit for image generation and editing."""

__version__ = "0.1.0"
