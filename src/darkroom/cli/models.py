"""``darkroom models``: what is served, and what each model can do."""

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import reported
from darkroom.cli.screen import Screen, table
from darkroom.core.money import dollars

if TYPE_CHECKING:
    from darkroom_client import Model


@click.command()
@click.argument("name", required=False)
@click.option("--details", is_flag=True, help="With dates, prices, and what is done here.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@connection_options
def command(name: str | None, details: bool, as_json: bool, **options: Any) -> None:
    """List the models that are served, or show all that the model NAME can do.

    \b
        darkroom models gpt-image-2 --details
    """
    screen = Screen()
    with reported(as_json), connected(options, screen) as client:
        if name is not None:
            model = client.model(name, details=details)
            click.echo(_as_json({"model": model}) if as_json else _detail(model))
            return
        models = client.models(details=details)
        if as_json:
            click.echo(_as_json({"models": models}))
        else:
            click.echo(_comparison(models) if details else _overview(models))


def _as_json(told: Mapping[str, Any]) -> str:
    def plain(value: Any) -> Any:
        return dataclasses.asdict(value)

    return json.dumps({"ok": True, **told}, ensure_ascii=False, default=plain)


def _overview(models: "tuple[Model, ...]") -> str:
    rows = [
        [
            model.id,
            "yes" if "edit" in model.capabilities["operations"] else "no",
            _sizes(model.capabilities["sizes"]),
            _ends(model.capabilities["qualities"]),
            _days(model),
            _served_by(model),
        ]
        for model in models
    ]
    return table(["MODEL", "EDITS", "SIZES", "QUALITIES", "DAYS LEFT", "SERVED BY"], rows)


def _comparison(models: "tuple[Model, ...]") -> str:
    rows = [
        [
            model.id,
            str(model.capabilities["max_inputs"] or "-"),
            _has(model, "mask", model.capabilities["mask"]),
            _has(model, "background", "transparent" in model.capabilities["backgrounds"]),
            " ".join(model.capabilities["formats"]),
            _cheapest(model),
            _days(model),
            _served_by(model),
        ]
        for model in models
    ]
    head = ["MODEL", "INPUTS", "MASK", "TRANSPARENT", "FORMATS", "ONE IMAGE", "DAYS LEFT"]
    return table([*head, "SERVED BY"], rows)


def _has(model: "Model", param: str, native: bool) -> str:
    """``here``: not by the model, but by the server."""
    return "yes" if native else "here" if param in model.details["done_here"] else "no"


def _cheapest(model: "Model") -> str:
    """From the lowest quality to the highest, each where it costs least."""
    prices = [one["price"] for one in model.details["deployments"] if one["price"] is not None]
    nanos = [image["expected"]["nanos"] for price in prices for image in price["one_image"]]
    if not nanos:
        return "unknown"
    highest = min(max(image["expected"]["nanos"] for image in p["one_image"]) for p in prices)
    ends = dict.fromkeys((min(nanos), highest))
    return " to ".join(dollars(each, 3) for each in ends) + " USD"


def _detail(model: "Model") -> str:
    able = model.capabilities
    lines = {
        "served by": _served_by(model),
        "aliases": " ".join(model.aliases),
        "retires": _retires(model),
        "operations": " ".join(able["operations"]),
        "sizes": _all_sizes(able["sizes"]),
        "qualities": " ".join(able["qualities"]),
        "backgrounds": " ".join(able["backgrounds"]),
        "formats": " ".join(able["formats"]),
        "fidelities": " ".join(able["input_fidelities"]),
        "complexities": " ".join(able["complexities"]),
        "moderations": " ".join(able["moderations"]),
        "also": " ".join(name for name in ("mask", "seed", "compression") if able[name]),
        "images": f"{able['max_n']} at a time, from up to {able['max_inputs']} input images",
        "previews": f"up to {able['max_partial_images']}" if able["max_partial_images"] else "",
        "prompt": f"up to {able['max_prompt_chars']:,} characters",
    }
    lines |= _more(model.details) if model.details else {}
    head = f"{click.style(model.id, bold=True)}  {model.label}\n{model.description}\n"
    return head + "\n".join(f"  {name:<13}{text}" for name, text in lines.items() if text)


def _more(details: Mapping[str, Any]) -> dict[str, str]:
    ends = [f"{one['vendor']} {one['shutdown']}" for one in details["vendors"] if one["shutdown"]]
    lines = {
        "done here": " ".join(details["done_here"]),
        "ends": ", ".join(ends),
        "successor": details["successor"] or "",
        "read": details["doc_url"] or "",
    }
    for deployment in details["deployments"]:
        lines[deployment["id"]] = _prices(deployment["price"])
    return lines


def _prices(price: Mapping[str, Any] | None) -> str:
    if price is None:
        return "price unknown"
    images = [
        f"{image['quality']} {dollars(image['expected']['nanos'], 4)}"
        for image in price["one_image"]
    ]
    size = price["one_image"][0]["size"]
    return f"USD for one image of {size}: {', '.join(images)} (sheet {price['price_sheet']})"


def _days(model: "Model") -> str:
    """How long the model itself is still served here."""
    if model.successor:
        return "retired"
    return "" if model.days_left is None else str(model.days_left)


def _retires(model: "Model") -> str:
    if model.successor:
        return f"{model.shutdown_date or 'retired'}; {model.successor} stands in"
    if model.days_left is None:
        return model.shutdown_date or ""
    return f"here in {model.days_left} days"


def _served_by(model: "Model") -> str:
    served = ", ".join(model.deployments)
    return f"{served} as {model.successor}" if model.successor else served


def _sizes(rule: Mapping[str, Any]) -> str:
    if "fixed" in rule:
        return f"{len(rule['fixed'])} sizes"
    return f"up to {rule['max_edge']} px"


def _all_sizes(rule: Mapping[str, Any]) -> str:
    """The sizes that a model makes natively; others are fitted."""
    if "fixed" in rule:
        return " ".join(rule["fixed"])
    return (
        f"edges a multiple of {rule['multiple']}, up to {rule['max_edge']} px,"
        f" {rule['max_ratio']:g}:1 and {rule['max_pixels'] / 1_000_000:.1f} megapixels"
    )


def _ends(qualities: list[str]) -> str:
    if len(qualities) < 2:
        return " ".join(qualities) or "-"
    return f"{qualities[0]} … {qualities[-1]}"
