"""The built-in provider: draws by code what the prompt says; what test cards are to payments."""

from darkroom.providers.sandbox.provider import SandboxProvider

__all__ = ["SandboxProvider"]
