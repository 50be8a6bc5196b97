"""``GPTImageAdapter``: images from text and from images, as a list of bytes."""

import base64
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from darkroom_tryon.inputs import ImageInput, image_files, mask_file

if TYPE_CHECKING:
    from openai.types import ImagesResponse

_Method = Callable[..., "ImagesResponse"]

MODELS = (
    "gpt-image-1",
    "gpt-image-1-mini",
    "gpt-image-1.5",
    "gpt-image-2",
    "gpt-image-2.5",
    "gpt-image-2.5-flare",
    "gpt-image-2.5-sunburst",
    "gpt-image-2.6-flare",
    "gpt-image-2.6-sunburst",
    "chatgpt-images-2.5",
)
DEFAULT_MODEL = "gpt-image-1.5"
SIZES = ("1024x1024", "1536x1024", "1024x1536", "auto")
QUALITIES = ("low", "medium", "high", "auto")
BACKGROUNDS = ("transparent", "opaque", "auto")
FIDELITIES = ("low", "high")
N_MAX = 10
IMAGES_MAX = 16


class GPTImageAdapter:
    """One API key and one model.

    The ``openai`` package sends the requests, so ``OPENAI_BASE_URL`` says where to: a Darkroom
    server, or OpenAI when it is not set. Raises ``ImportError`` without that package, and
    ``ValueError`` for an unknown model or when there is no key.
    """

    def __init__(self, api_key: str | None = None, model_version: str = DEFAULT_MODEL) -> None:
        try:
            from openai import OpenAI
        except ImportError as error:
            raise ImportError(
                "The openai package is missing. Install it with: pip install openai"
            ) from error
        if model_version not in MODELS:
            raise ValueError(f"Invalid model_version: {model_version}. One of {', '.join(MODELS)}")
        key = api_key or os.environ.get("OPENAI_API_KEY")
        if not key:
            raise ValueError("No API key: set OPENAI_API_KEY, or pass api_key.")
        self.api_key = key
        self.model_version = model_version
        self.client: OpenAI = OpenAI(api_key=key)

    def __repr__(self) -> str:
        return f"GPTImageAdapter(model_version={self.model_version!r})"

    def generate_text_to_image(
        self,
        prompt: str,
        size: str = "1024x1024",
        quality: str = "high",
        background: str = "opaque",
        n: int = 1,
    ) -> list[bytes]:
        """Images from text; the bytes of PNG files.

        Raises ``ValueError`` for a value that no model takes, and the ``openai`` package's errors
        for everything that the server refuses.
        """
        _require_prompt(prompt)
        _require_common(size, quality, background, n)
        # The SDK's types list the values of one version of it; the checks above are ours.
        fields: dict[str, Any] = {
            "size": size,
            "quality": quality,
            "background": background,
            "n": n,
        }
        make = cast(_Method, self.client.images.generate)
        return _images(make(model=self.model_version, prompt=prompt, **fields))

    def generate_image_edit(  # noqa: PLR0913, PLR0917 - the signature is OpenTryOn's
        self,
        images: ImageInput | Sequence[ImageInput],
        prompt: str | None = None,
        mask: ImageInput | None = None,
        size: str = "1024x1024",
        quality: str = "high",
        background: str = "auto",
        input_fidelity: str = "low",
        n: int = 1,
    ) -> list[bytes]:
        """Images from images: paths, URLs, base64 text, bytes, files or Pillow images.

        Black parts of ``mask`` are edited and white ones kept; in a mask with transparency it is
        the transparent ones that are edited. Raises like :meth:`generate_text_to_image`, and
        ``TypeError`` or ``FileNotFoundError`` for what is no image.
        """
        _require_prompt(prompt)
        _require_common(size, quality, background, n)
        _require(input_fidelity, FIDELITIES, "input_fidelity")
        files = image_files(images)
        if not 1 <= len(files) <= IMAGES_MAX:
            raise ValueError(f"Give 1 to {IMAGES_MAX} images, not {len(files)}.")
        fields: dict[str, Any] = {
            "size": size,
            "quality": quality,
            "background": background,
            "input_fidelity": input_fidelity,
            "n": n,
        }
        if mask is not None:
            fields["mask"] = mask_file(mask)
        make = cast(_Method, self.client.images.edit)
        answer = make(model=self.model_version, image=files, prompt=prompt or "", **fields)
        return _images(answer)


def _require_prompt(prompt: str | None) -> None:
    if not isinstance(prompt, str) or not prompt.strip():
        raise ValueError("The prompt is empty: describe the picture.")


def _require_common(size: str, quality: str, background: str, n: int) -> None:
    _require(size, SIZES, "size")
    _require(quality, QUALITIES, "quality")
    _require(background, BACKGROUNDS, "background")
    if not 1 <= n <= N_MAX:
        raise ValueError(f"n is 1 to {N_MAX}, not {n}.")


def _require(value: str, choices: tuple[str, ...], name: str) -> None:
    if value not in choices:
        raise ValueError(f"Invalid {name}: {value}. One of {', '.join(choices)}.")


def _images(answer: "ImagesResponse") -> list[bytes]:
    return [base64.b64decode(image.b64_json or "") for image in answer.data or ()]
