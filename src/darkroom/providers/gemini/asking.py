"""The body of ``generateContent``: prompt, input images, and a size as ratio and tier."""

from collections.abc import Mapping

from darkroom.core.errors import UnsupportedValue
from darkroom.core.ports import Base64File, UpstreamCall
from darkroom.core.size import Size
from darkroom.providers._answers import Body

# https://ai.google.dev/gemini-api/docs/image-generation#aspect_ratios_and_image_size: each ratio
# at 1K, as the 3.x models make it and, where it differs, as 2.5 does.
_RATIOS: Mapping[Size, str] = {
    Size(1024, 1024): "1:1",
    Size(848, 1264): "2:3",
    Size(832, 1248): "2:3",
    Size(1264, 848): "3:2",
    Size(1248, 832): "3:2",
    Size(896, 1200): "3:4",
    Size(864, 1184): "3:4",
    Size(1200, 896): "4:3",
    Size(1184, 864): "4:3",
    Size(928, 1152): "4:5",
    Size(896, 1152): "4:5",
    Size(1152, 928): "5:4",
    Size(1152, 896): "5:4",
    Size(768, 1376): "9:16",
    Size(768, 1344): "9:16",
    Size(1376, 768): "16:9",
    Size(1344, 768): "16:9",
    Size(1584, 672): "21:9",
    Size(1536, 672): "21:9",
    Size(512, 2048): "1:4",
    Size(2048, 512): "4:1",
    Size(384, 3072): "1:8",
    Size(3072, 384): "8:1",
}
# The tier as it is spelt on the wire, with a capital K. 1K is what every model makes unasked, and
# those that make nothing else know no tiers: it is left out.
_TIERS: Mapping[int, str] = {1: "", 2: "2K", 4: "4K"}
_SMALL = Size(512, 512)


def body_of(call: UpstreamCall) -> Body:
    """The request of one image. Its files are read while it is sent."""
    parts: list[Body] = [{"text": call.request.prompt}]
    parts += [
        {
            "inlineData": {
                "mimeType": file.media_type,
                "data": Base64File(file.path, file.byte_size),
            }
        }
        for file in call.inputs
    ]
    config: Body = {"responseModalities": ["TEXT", "IMAGE"]}
    if (size := Size.parse(call.request.size)) is not None:
        config["imageConfig"] = image_config(size)
    return {"contents": [{"role": "user", "parts": parts}], "generationConfig": config}


def image_config(size: Size) -> dict[str, str]:
    """``imageConfig`` of a native size. Raises :class:`UnsupportedValue` for any other."""
    if size == _SMALL:
        return {"aspectRatio": "1:1", "imageSize": "512"}
    for scale, tier in _TIERS.items():
        canvas = Size(size.width // scale, size.height // scale)
        exact = size == Size(canvas.width * scale, canvas.height * scale)
        if exact and (ratio := _RATIOS.get(canvas)):
            return {"aspectRatio": ratio, **({"imageSize": tier} if tier else {})}
    raise UnsupportedValue(
        f"Gemini makes no {size}; ask for 'auto' or one of the model's own sizes.", param="size"
    )
