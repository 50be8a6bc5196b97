"""Darkroom: a self-hosted gateway and toolkit for image generation and editing."""

TYPE_CHECKING = False  # as typing's, which takes longer to load than all of this
if TYPE_CHECKING:
    from darkroom_client import AsyncClient, Client

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "__version__"]


def __getattr__(name: str) -> object:
    """The SDK, loaded when somebody asks for it: the server does without."""
    if name not in ("AsyncClient", "Client"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import darkroom_client

    return getattr(darkroom_client, name)
