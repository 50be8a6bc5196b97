"""Google's Gemini image models (Nano Banana), by the Gemini API."""

from darkroom.providers.gemini.provider import GeminiProvider

__all__ = ["GeminiProvider"]
