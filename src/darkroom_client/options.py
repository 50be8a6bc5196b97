"""What can be asked of a model, as typed keyword arguments.

What each model takes is in its capabilities: ``client.models()``. Unknown names are sent too, and
refused by the server by name. The literals are for editors to propose; any text goes.
"""

from typing import Literal, TypeAlias, TypedDict

ModelName: TypeAlias = (
    Literal["gpt-image-2", "gpt-image-1.5", "gpt-image-1", "gpt-image-1-mini"] | str
)
Size: TypeAlias = Literal["auto", "1024x1024", "1536x1024", "1024x1536"] | str
Quality: TypeAlias = Literal["auto", "low", "medium", "high"] | str
Background: TypeAlias = Literal["auto", "opaque", "transparent"] | str
OutputFormat: TypeAlias = Literal["png", "jpeg", "webp", "gif"] | str
Moderation: TypeAlias = Literal["auto", "low"] | str
InputFidelity: TypeAlias = Literal["low", "high"] | str


class ImageOptions(TypedDict, total=False):
    """Options of generations and edits. What is left out is the model's default."""

    model: ModelName
    n: int
    """How many images, 1 to 10."""
    size: Size
    """``"1536x1024"`` or ``"auto"``."""
    quality: Quality
    background: Background
    output_format: OutputFormat
    """``png``, ``jpeg``, ``webp``, and ``gif`` where the model animates."""
    output_compression: int
    """0 to 100, for jpeg and webp."""
    moderation: Moderation
    seed: int
    partial_images: int
    """Streamed previews, 0 to 3."""
    complexity: str
    frame_count: int
    frame_duration_ms: int
    size_policy: Literal["fit", "strict"]
    """``strict`` refuses sizes that the model does not make natively."""
    service_tier: Literal["auto", "economy"]
    """``economy``: by the vendor's batch API, at its lower price, within a day. The call waits."""
    user: str
    callback_url: str
    """Where the server tells the end of the job; see :func:`verify_webhook`."""
    route: str
    """How a deployment is chosen: ``"fastest; prefer=a,b"``, ``"pinned=c"``, ``"strict"`` …"""


class EditOptions(ImageOptions, total=False):
    """Options of edits."""

    input_fidelity: InputFidelity
    mask_convention: Literal["auto", "alpha", "black", "white"]
    """What of the mask may change; ``auto``: by its alpha channel, or without one what is black."""
