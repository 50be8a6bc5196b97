"""What a sandbox job would have cost in tokens, by the catalogue's own tables."""

from darkroom.core.ports import UpstreamCall
from darkroom.core.size import Size
from darkroom.core.tokens import approximate_text_tokens, input_image_tokens, output_tokens
from darkroom.core.usage import Usage


def usage_of(call: UpstreamCall, made: tuple[Size, str], images: int, partials: int) -> Usage:
    """Tokens of ``images`` pictures, ``made`` in that size and quality, and of the previews."""
    size, quality = made
    rule, request = call.model.tokens, call.request
    inputs = sum(
        input_image_tokens(call.model, Size(item.width, item.height), request.input_fidelity)
        for item in call.inputs
    )
    return Usage(
        text_in=approximate_text_tokens(request.prompt) + rule.text_overhead,
        image_in=inputs,
        image_out=output_tokens(call.model, quality, size) * images + rule.partial_image * partials,
    )
