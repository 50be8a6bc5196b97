"""What can be asked of a model, as typed keyword arguments.

What each model takes is in its capabilities: ``client.models()``. Unknown names are sent too, and
refused by the server by name.
"""

from typing import Literal, TypedDict


class ImageOptions(TypedDict, total=False):
    """Options of generations and edits. What is left out is the model's default."""

    model: str
    n: int
    """How many images, 1 to 10."""
    size: str
    """``"1536x1024"`` or ``"auto"``."""
    quality: str
    background: str
    output_format: str
    """``png``, ``jpeg``, ``webp``, and ``gif`` where the model animates."""
    output_compression: int
    """0 to 100, for jpeg and webp."""
    moderation: str
    seed: int
    partial_images: int
    """Streamed previews, 0 to 3."""
    complexity: str
    frame_count: int
    frame_duration_ms: int
    size_policy: Literal["fit", "strict"]
    """``strict`` refuses sizes that the model does not make natively."""
    user: str


class EditOptions(ImageOptions, total=False):
    """Options of edits."""

    input_fidelity: str
