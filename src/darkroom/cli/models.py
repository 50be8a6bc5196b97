"""``darkroom models``: what is served, and what each model can do."""

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import reported
from darkroom.cli.screen import Screen, table

if TYPE_CHECKING:
    from darkroom_client import Model


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@connection_options
def command(name: str | None, as_json: bool, **options: Any) -> None:
    """List the models that are served, or show all that the model NAME can do."""
    screen = Screen()
    with reported(as_json), connected(options, screen) as client:
        if name is not None:
            model = client.model(name)
            click.echo(_as_json({"model": model}) if as_json else _detail(model))
            return
        models = client.models()
        click.echo(_as_json({"models": models}) if as_json else _overview(models))


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
            _served_by(model),
        ]
        for model in models
    ]
    return table(["MODEL", "EDITS", "SIZES", "QUALITIES", "SERVED BY"], rows)


def _detail(model: "Model") -> str:
    able = model.capabilities
    lines = {
        "served by": _served_by(model),
        "aliases": " ".join(model.aliases),
        "retires": model.shutdown_date or "",
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
    head = f"{click.style(model.id, bold=True)}  {model.label}\n{model.description}\n"
    return head + "\n".join(f"  {name:<13}{text}" for name, text in lines.items() if text)


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
