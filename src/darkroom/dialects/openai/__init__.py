"""OpenAI's Images API, as its official clients speak it."""

from darkroom.dialects.openai.dialect import OpenAIDialect

__all__ = ["OpenAIDialect"]
