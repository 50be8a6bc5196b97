"""What ``generate`` and ``edit`` have in common: options, the call, and what is told of it."""

import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import Failure, reported
from darkroom.cli.pricing import shown_quote
from darkroom.cli.reading import Inputs
from darkroom.cli.screen import Screen, byte_count, elapsed
from darkroom.cli.targets import Targets, Wish, format_of, mismatch

if TYPE_CHECKING:
    from darkroom_client import Client, Money, PartialImage, Result

# option -> the name on the wire
_ASKED = {
    "model": "model",
    "size": "size",
    "quality": "quality",
    "background": "background",
    "format": "output_format",
    "compression": "output_compression",
    "n": "n",
    "seed": "seed",
    "moderation": "moderation",
    "complexity": "complexity",
    "frames": "frame_count",
    "frame_ms": "frame_duration_ms",
    "partial": "partial_images",
    "input_fidelity": "input_fidelity",
}

_OUTPUT = (
    click.option(
        "-o",
        "--output",
        metavar="FILE|DIR|-",
        help="Where to write; '-' is stdout. Default: a name from the prompt.",
    ),
    click.option("--force", is_flag=True, help="Overwrite files that exist."),
)
_MODEL = (
    click.option("-m", "--model", help="Default: the server's default model."),
    click.option("-s", "--size", metavar="WxH", help="Such as 1536x1024, or auto."),
    click.option("-q", "--quality", help="Such as low, medium, high."),
    click.option("--background", help="transparent, opaque or auto."),
    click.option("-f", "--format", help="png, jpeg, webp, gif. Default: by the suffix of -o."),
    click.option("--compression", type=click.IntRange(0, 100), help="For jpeg and webp."),
    click.option("-n", type=click.IntRange(1, 10), default=1, help="How many images."),
    click.option("--seed", type=click.IntRange(0), help="The same seed, the same image."),
    click.option("--moderation", help="auto or low."),
    click.option("--complexity", help="How much planning goes into it."),
    click.option("--frames", type=click.IntRange(2, 16), help="Frames of an animated gif."),
    click.option("--frame-ms", type=click.IntRange(10, 655_350), help="How long each shows."),
    click.option("--strict-size", is_flag=True, help="Refuse a size that has to be fitted."),
    click.option("--partial", type=click.IntRange(0, 3), help="Write this many previews, too."),
)
_TELLING = (
    click.option(
        "--dry-run", is_flag=True, help="Print the request and its price; make and spend nothing."
    ),
    click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout."),
    click.option("--quiet", is_flag=True, help="Nothing on stderr but errors."),
    click.option(
        "--timeout", type=click.FloatRange(1), default=600.0, help="Seconds. [default: 600]"
    ),
)


def making_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of commands that make images."""
    command = connection_options(command)
    for option in reversed(_TELLING):
        command = option(command)
    command = model_options(command)
    for option in reversed(_OUTPUT):
        command = option(command)
    return command


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is asked of a model."""
    for option in reversed(_MODEL):
        command = option(command)
    return command


@dataclass(slots=True)
class Order:
    """One call to make: ``prompt`` is the text itself; ``call`` asks the client for the images."""

    prompt: str
    doing: str
    call: Callable[..., "Result"]
    """Takes the client, the prompt, and the options of the SDK as keywords."""
    inputs: Inputs = field(default_factory=Inputs)


@dataclass(slots=True)
class _Made:
    result: "Result"
    paths: list[Path]
    started: float
    previews: list[Path] = field(default_factory=list[Path])


def make(options: Mapping[str, Any], prepare: Callable[[], Order]) -> None:
    """Prepare the order, have it made, write the images, and tell."""
    screen = Screen(options["quiet"])
    with reported(options["as_json"]):
        order = prepare()
        wish = Wish(
            options["output"], order.prompt, options["n"], options["force"], options["as_json"]
        )
        if options["dry_run"]:
            _rehearse(order, options, screen)
            return
        targets = Targets(wish)
        asked = asked_of(options, targets.format)
        with connected(options, screen, options["timeout"]) as client:
            made = _made(client, order, targets, asked, screen)
        _tell(made, targets, options, screen)


def _rehearse(order: Order, options: Mapping[str, Any], screen: Screen) -> None:
    """Tell what would be sent, and what it would cost."""
    asked = asked_of(options, format_of(options["output"]))
    images, mask = order.inputs.images, order.inputs.mask
    with connected(options, screen, options["timeout"]) as client:
        request = client.preview(order.prompt, images, mask=mask, **asked)
        quote = client.quote(order.prompt, images, mask=mask, **asked)
    if options["as_json"]:
        told = {"ok": True, "dry_run": True, "request": dataclasses.asdict(request)}
        click.echo(json.dumps({**told, "quote": quote.raw}, ensure_ascii=False))
        return
    click.echo(f"{request.method} {request.url}")
    click.echo(json.dumps(request.fields, ensure_ascii=False, indent=2))
    for file in request.files:
        name = os.fsencode(file.name or "stdin").decode(errors="replace")
        click.echo(f"{file.field}: {name}, {byte_count(file.byte_size)}")
    click.echo(f"\n{shown_quote(quote)}")


def asked_of(options: Mapping[str, Any], format: str | None = None) -> dict[str, Any]:
    """The options as the SDK's keywords; ``format`` is what the name of the output asks for."""
    asked = {wire: options.get(name) for name, wire in _ASKED.items()}
    asked["output_format"] = asked["output_format"] or format
    if options["strict_size"]:
        asked["size_policy"] = "strict"
    return {name: value for name, value in asked.items() if value is not None}


def _made(
    client: "Client", order: Order, targets: Targets, asked: dict[str, Any], screen: Screen
) -> _Made:
    started = time.monotonic()
    previews: list[Path] = []
    try:
        with screen.working(order.doing) as tell:

            def on_partial(partial: "PartialImage") -> None:
                tell(f"preview {partial.index + 1} of {asked['partial_images']}")
                path = targets.place_partial(partial.image, partial.index)
                if path is not None:
                    previews.append(path)

            listen = on_partial if asked.get("partial_images") else None
            result = order.call(client, order.prompt, on_partial=listen, **asked)
    except KeyboardInterrupt:
        screen.note("stopped; a job that was accepted goes on at the server")
        raise
    if targets.to_stdout:
        sys.stdout.buffer.write(result.images[0].data)
        sys.stdout.buffer.flush()
        return _Made(result, [], started, previews)
    try:
        paths = targets.place(result.images)
    except OSError as error:
        raise Failure(
            f"cannot write {error.filename}: {error.strerror}; the server keeps the image",
            code="output",
            details={"job_id": result.job_id},
        ) from error
    return _Made(result, paths, started, previews)


def _tell(made: _Made, targets: Targets, options: Mapping[str, Any], screen: Screen) -> None:
    result = made.result
    if options["as_json"]:
        click.echo(json.dumps(_shown(made), ensure_ascii=False))
    else:
        for path in made.paths:
            click.echo(os.fsencode(path))
    first = result.images[0]
    screen.summary(
        [
            f"{first.width}x{first.height} {first.format}" if first.width else first.format,
            byte_count(sum(len(image.data) for image in result.images)),
            result.model,
            f"{result.usage.total:,} tokens" if result.usage.total else "",
            elapsed(made.started),
        ]
    )
    if result.charge is not None:
        screen.tell(f"{result.charge} charged")
    for warning in result.warnings:
        screen.warning(warning.message)
    if said := mismatch(made.paths, result.images):
        screen.note(said)
    if result.sandbox:
        screen.note("drawn by the built-in sandbox, not by an AI model")


def _shown(made: _Made) -> dict[str, Any]:
    result = made.result
    return {
        "ok": True,
        "images": [
            {
                "path": os.fspath(path),
                "format": image.format,
                "width": image.width,
                "height": image.height,
                "byte_size": len(image.data),
                "revised_prompt": image.revised_prompt,
            }
            for path, image in zip(made.paths, result.images, strict=True)
        ],
        "previews": [os.fspath(path) for path in made.previews],
        "job_id": result.job_id,
        "request_id": result.request_id,
        "model": result.model,
        "deployment": result.deployment,
        "sandbox": result.sandbox,
        "usage": dataclasses.asdict(result.usage),
        "charge": _charge(result.charge),
        "warnings": [dataclasses.asdict(warning) for warning in result.warnings],
        "elapsed_s": round(time.monotonic() - made.started, 3),
    }


def _charge(charge: "Money | None") -> dict[str, Any] | None:
    if charge is None:
        return None
    return {"nanos": charge.nanos, "usd": charge.usd, "credits": charge.credits}
