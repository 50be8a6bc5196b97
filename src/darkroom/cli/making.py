"""What ``generate`` and ``edit`` have in common: the call, and what is told of it."""

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

from darkroom.cli.asking import asked_of
from darkroom.cli.connect import connected
from darkroom.cli.failures import Failure, reported
from darkroom.cli.pricing import shown_quote
from darkroom.cli.reading import Inputs
from darkroom.cli.screen import Screen, byte_count, elapsed
from darkroom.cli.spending import confirm
from darkroom.cli.targets import Targets, Wish, format_of, mismatch
from darkroom.cli.telling import Events

if TYPE_CHECKING:
    from darkroom_client import Client, Money, PartialImage, Result


@dataclass(slots=True)
class Order:
    """One call to make: ``prompt`` is the text itself; ``call`` asks the client for the images."""

    prompt: str
    doing: str
    call: Callable[..., "Result"]
    """Takes the client, the prompt, and the options of the SDK as keywords."""
    inputs: Inputs = field(default_factory=Inputs)


@dataclass(slots=True)
class Made:
    """Images that were made and written; ``started`` is of ``time.monotonic``."""

    result: "Result"
    paths: list[Path]
    started: float
    previews: list[Path] = field(default_factory=list[Path])


@dataclass(frozen=True, slots=True)
class _Work:
    """An order with the places of its images and the SDK's keywords."""

    order: Order
    targets: Targets
    asked: dict[str, Any]


def make(options: Mapping[str, Any], prepare: Callable[[], Order]) -> None:
    """Prepare the order, have it made, write the images, and tell."""
    events = Events(options["json_events"])
    screen = Screen(options["quiet"] or events.enabled)
    with reported(options["as_json"]), events.failing():
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
            images, mask = order.inputs.images, order.inputs.mask
            confirm(options, lambda: client.quote(order.prompt, images, mask=mask, **asked))
            events.say("started", operation=order.doing)
            made = _made(client, _Work(order, targets, asked), screen, events)
        events.say("completed", **_shown(made))
        tell_of(made, targets, options, screen)


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


def _made(client: "Client", work: _Work, screen: Screen, events: Events) -> Made:
    order, targets, asked = work.order, work.targets, work.asked
    started = time.monotonic()
    previews: list[Path] = []
    try:
        with screen.working(order.doing) as tell:

            def on_partial(partial: "PartialImage") -> None:
                tell(f"preview {partial.index + 1} of {asked['partial_images']}")
                screen.picture(partial.image.data, inline=False)
                path = targets.place_partial(partial.image, partial.index)
                shown = None if path is None else os.fspath(path)
                events.say("partial_image", index=partial.index, path=shown)
                if path is not None:
                    previews.append(path)

            listen = on_partial if asked.get("partial_images") else None
            result = order.call(client, order.prompt, on_partial=listen, **asked)
    except KeyboardInterrupt:
        screen.note("stopped; a job that was accepted goes on at the server")
        raise
    return Made(result, placed(result, targets), started, previews)


def placed(result: "Result", targets: Targets) -> list[Path]:
    """Write the images; their paths, none on stdout. Raises :class:`Failure`."""
    if targets.to_stdout:
        sys.stdout.buffer.write(result.images[0].data)
        sys.stdout.buffer.flush()
        return []
    try:
        return targets.place(result.images)
    except OSError as error:
        raise Failure(
            f"cannot write {error.filename}: {error.strerror}; the server keeps the image",
            code="output",
            details={"job_id": result.job_id},
        ) from error


def tell_of(made: Made, targets: Targets, options: Mapping[str, Any], screen: Screen) -> None:
    """The paths, or one JSON object, on stdout; the rest on stderr."""
    result = made.result
    if options["as_json"]:
        click.echo(json.dumps(_shown(made), ensure_ascii=False))
    else:
        for path in made.paths:
            click.echo(os.fsencode(path))
    first = result.images[0]
    screen.picture(first.data)
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
        screen.tell(f"{result.charge} charged{saved_text(result.saved)}")
    for warning in result.warnings:
        screen.warning(warning.message)
    if said := mismatch(made.paths, result.images):
        screen.note(said)
    if result.sandbox:
        screen.note("drawn by the built-in sandbox, not by an AI model")


def saved_text(saved: "Money | None") -> str:
    return "" if saved is None or not saved.nanos else f", {saved} saved by --economy"


def _shown(made: Made) -> dict[str, Any]:
    result = made.result
    # one that went to stdout has no path
    paths = [os.fspath(path) for path in made.paths] or [None] * len(result.images)
    return {
        "ok": True,
        "images": [
            {
                "path": path,
                "format": image.format,
                "width": image.width,
                "height": image.height,
                "byte_size": len(image.data),
                "revised_prompt": image.revised_prompt,
            }
            for path, image in zip(paths, result.images, strict=True)
        ],
        "previews": [os.fspath(path) for path in made.previews],
        "job_id": result.job_id,
        "request_id": result.request_id,
        "model": result.model,
        "deployment": result.deployment,
        "sandbox": result.sandbox,
        "usage": dataclasses.asdict(result.usage),
        "charge": _charge(result.charge),
        "saved": _charge(result.saved),
        "warnings": [dataclasses.asdict(warning) for warning in result.warnings],
        "elapsed_s": round(time.monotonic() - made.started, 3),
    }


def _charge(charge: "Money | None") -> dict[str, Any] | None:
    if charge is None:
        return None
    return {"nanos": charge.nanos, "usd": charge.usd, "credits": charge.credits}
