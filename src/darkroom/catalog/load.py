"""Reads ``models.toml`` into model specs, and refuses it with table and key when it is wrong."""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, cast

from darkroom.core.capability import Availability, ModelSpec, SizeRule, TokenRule
from darkroom.core.request import Operation
from darkroom.core.size import Size
from darkroom.core.tokens import INPUT_KINDS, OUTPUT_KINDS

_T = TypeVar("_T")

# Who a model is; `like` takes over everything but these.
_IDENTITY = frozenset({"label", "description", "aliases", "vendors", "successor", "doc_url"})

FORMATS = ("png", "jpeg", "webp", "gif")
"""Every output format that is ever offered. SVG is not: a stored one can run scripts."""


class CatalogError(ValueError):
    """The catalogue's file is wrong; the message names the table and the key."""


def read_toml(path: Path, name: str) -> dict[str, Any]:
    """What a file of the catalogue says. Raises :class:`CatalogError`, naming it ``name``."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # also what is no UTF-8, and absurd numbers
        raise CatalogError(f"{name}: {error}") from None


class _Table:
    """One TOML table that remembers which keys were read, so that the rest can be refused."""

    def __init__(self, name: str, values: object) -> None:
        if not isinstance(values, dict):
            raise CatalogError(f"models.toml: {name} must be a table")
        self.name = name
        self._values = cast("dict[str, Any]", values)
        self._read: set[str] = set()

    def error(self, key: str, problem: str) -> CatalogError:
        return CatalogError(f"models.toml: {self.name} key {key!r}: {problem}")

    def has(self, key: str) -> bool:
        return key in self._values

    def value(self, key: str, kind: type[_T], default: _T | None = None) -> _T:
        self._read.add(key)
        found = self._values.get(key, default)
        if found is None:
            raise self.error(key, "is missing")
        # bool is an int in Python, not in a catalogue
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise self.error(key, f"must be {_KINDS[kind]}, not {found!r}")
        return found

    def text(self, key: str, default: str | None = None) -> str:
        return self.value(key, str, default)

    def optional_text(self, key: str) -> str | None:
        return self.value(key, str) if self.has(key) else None

    def flag(self, key: str, default: bool = False) -> bool:
        return self.value(key, bool, default)

    def count(self, key: str, default: int | None = None) -> int:
        found = self.value(key, int, default)
        if found < 0:
            raise self.error(key, f"must not be negative, is {found}")
        return found

    def items(self, key: str) -> list[Any]:
        return self.value(key, list, [])

    def texts(
        self, key: str, default: tuple[str, ...] = (), allowed: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        found = self.items(key) if self.has(key) else list(default)
        for item in found:
            if not isinstance(item, str) or (allowed and item not in allowed):
                what = f"one of {', '.join(allowed)}" if allowed else "text"
                raise self.error(key, f"must hold {what}, not {item!r}")
        return tuple(found)

    def table(self, key: str) -> "_Table":
        self._read.add(key)
        return _Table(_path(self.name[1:-1], key), self._values.get(key, {}))

    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def finish(self) -> None:
        unknown = [key for key in self._values if key not in self._read]
        if unknown:
            raise self.error(unknown[0], "is not a key that the catalogue knows")


def _path(parent: str, key: str) -> str:
    """A table's name as TOML spells it."""
    bare = key.replace("-", "").replace("_", "").isalnum()
    spelled = key if bare else f'"{key}"'
    return f"[{parent}.{spelled}]" if parent else f"[{spelled}]"


_KINDS: Mapping[type[Any], str] = {
    str: "text",
    int: "a whole number",
    float: "a number with a decimal point",
    bool: "true or false",
    list: "a list",
    date: "a date",
}


def load_models(path: Path) -> tuple[ModelSpec, ...]:
    """The models of one file. Raises :class:`CatalogError`."""
    document = read_toml(path, "models.toml")
    root = _Table("[]", document)
    rules = {key: _Table(f"[{key}]", document.get(key, {})) for key in ("sizes", "tokens")}
    sizes = {name: _sizes(rules["sizes"].table(name)) for name in rules["sizes"].names()}
    tokens = {name: _tokens(rules["tokens"].table(name)) for name in rules["tokens"].names()}
    models = _inherited(_Table("[models]", document.get("models", {})))
    for key in ("sizes", "tokens", "models"):
        root.table(key)
    root.finish()
    specs = tuple(_model(model_id, values, sizes, tokens) for model_id, values in models.items())
    _check_names(specs)
    return specs


def _inherited(models: _Table) -> dict[str, dict[str, Any]]:
    """Each model's own keys over those of the model it is ``like`` (listed earlier)."""
    full: dict[str, dict[str, Any]] = {}
    for model_id in models.names():
        table = models.table(model_id)
        own = {key: table.value(key, object) for key in table.names()}
        base: dict[str, Any] = {}
        if table.has("like"):
            origin = table.text("like")
            if origin not in full:
                raise table.error("like", f"{origin!r} is not a model listed before this one")
            base = {key: value for key, value in full[origin].items() if key not in _IDENTITY}
            del own["like"]
        full[model_id] = base | own
    return full


def _sizes(table: _Table) -> SizeRule:
    fixed = [_size(table, "fixed", text) for text in table.texts("fixed")]
    scaled = [_size(table, "scaled", text) for text in table.texts("scaled")]
    for scale in table.items("scales"):
        if not isinstance(scale, int) or scale < 1:
            raise table.error("scales", f"must hold whole numbers from 1, not {scale!r}")
        fixed += [Size(size.width * scale, size.height * scale) for size in scaled]
    if fixed:
        default = Size(1024, 1024)
        rule = SizeRule(fixed=tuple(fixed), default=default if default in fixed else fixed[0])
    else:
        rule = SizeRule(
            multiple=table.count("multiple"),
            max_edge=table.count("max_edge"),
            min_pixels=table.count("min_pixels"),
            max_pixels=table.count("max_pixels"),
            max_ratio=table.value("max_ratio", float),
        )
        if rule.multiple < 1 or not rule.allows(rule.default):
            raise table.error("multiple", f"the rule must allow {rule.default}")
    table.finish()
    return rule


def _size(table: _Table, key: str, text: str) -> Size:
    size = Size.parse(text)
    if size is None:
        raise table.error(key, f'{text!r} is not a size like "1024x1536"')
    return size


def _tokens(table: _Table) -> TokenRule:
    rows = table.table("table")
    counts: dict[str, dict[str, int]] = {}
    for row in rows.names():
        cells = rows.table(row)
        counts[row] = {key: cells.count(key) for key in cells.names()}
    rule = TokenRule(
        output=table.text("output"),
        table=counts,
        bound=table.flag("bound"),
        input=table.text("input", "tiles"),
        input_fixed=table.count("input_fixed", 0),
        input_base=table.count("input_base", 65),
        input_per_tile=table.count("input_per_tile", 129),
        always_high_fidelity=table.flag("always_high_fidelity"),
        fidelity_square=table.count("fidelity_square", 0),
        fidelity_other=table.count("fidelity_other", 0),
        partial_image=table.count("partial_image", 100),
        text_overhead=table.count("text_overhead", 6),
    )
    if rule.output not in OUTPUT_KINDS:
        raise table.error("output", f"must be one of {', '.join(sorted(OUTPUT_KINDS))}")
    if rule.input not in INPUT_KINDS:
        raise table.error("input", f"must be one of {', '.join(sorted(INPUT_KINDS))}")
    _check_cells(rows, rule)
    table.finish()
    return rule


_CELLS: Mapping[str, frozenset[str]] = {
    "area": frozenset({"factor"}),
    "flat": frozenset({"pixels", "tokens"}),
}


def _check_cells(rows: _Table, rule: TokenRule) -> None:
    if not rule.table and rule.output != "pixels":
        raise rows.error("table", f"output = {rule.output!r} needs at least one row")
    for row, cells in rule.table.items():
        if rule.output == "table":
            for key in cells:
                _size(rows, row, key)
        elif rule.output in _CELLS and sorted(cells) != sorted(_CELLS[rule.output]):
            raise rows.error(row, f"must have exactly {', '.join(sorted(_CELLS[rule.output]))}")


def _model(
    model_id: str,
    values: dict[str, Any],
    sizes: Mapping[str, SizeRule],
    tokens: Mapping[str, TokenRule],
) -> ModelSpec:
    table = _Table(_path("models", model_id), values)
    for key, rules in (("sizes", sizes), ("tokens", tokens)):
        if table.text(key) not in rules:
            raise table.error(key, f"there is no [{key}.{table.text(key)}]")
    spec = ModelSpec(
        id=model_id,
        label=table.text("label"),
        family=table.text("family"),
        description=table.text("description"),
        sizes=sizes[table.text("sizes")],
        tokens=tokens[table.text("tokens")],
        aliases=table.texts("aliases"),
        operations=table.texts("operations", allowed=tuple(Operation)),
        qualities=table.texts("qualities"),
        default_quality=table.text("default_quality", "high"),
        backgrounds=table.texts("backgrounds", allowed=("auto", "opaque", "transparent")),
        formats=table.texts("formats", allowed=FORMATS),
        moderations=table.texts("moderations"),
        fidelities=table.texts("fidelities", allowed=("low", "high")),
        complexities=table.texts("complexities"),
        mask=table.flag("mask"),
        seed=table.flag("seed"),
        stream=table.flag("stream"),
        compression=table.flag("compression"),
        max_n=table.count("max_n"),
        one_per_call=table.flag("one_per_call"),
        max_inputs=table.count("max_inputs", 0),
        max_partial_images=table.count("max_partial_images", 0),
        max_prompt_chars=table.count("max_prompt_chars"),
        vendors=_vendors(table.table("vendors")),
        successor=table.optional_text("successor"),
        doc_url=table.optional_text("doc_url"),
    )
    table.finish()
    _check_model(table, spec)
    return spec


def _vendors(table: _Table) -> dict[str, Availability]:
    found: dict[str, Availability] = {}
    for vendor in table.names():
        dates = table.table(vendor)
        given = {
            key: dates.value(key, date)
            for key in ("released", "deprecated", "shutdown")
            if dates.has(key)
        }
        dates.finish()
        if list(given.values()) != sorted(given.values()):
            raise table.error(vendor, "released, deprecated and shutdown must follow in time")
        found[vendor] = Availability(**given)
    return found


def _check_model(table: _Table, spec: ModelSpec) -> None:
    for key, needed in (("operations", spec.operations), ("formats", spec.formats)):
        if not needed:
            raise table.error(key, "must not be empty")
    if spec.max_n < 1:
        raise table.error("max_n", "must be at least 1")
    if (Operation.EDIT in spec.operations) != (spec.max_inputs > 0):
        raise table.error("max_inputs", "must be above 0 exactly when operations has edit")
    if spec.max_partial_images and not spec.stream:
        raise table.error("max_partial_images", "needs stream = true")
    if spec.qualities and spec.default_quality not in spec.qualities:
        raise table.error("default_quality", f"{spec.default_quality!r} is not in qualities")
    if spec.tokens.output in ("table", "area"):
        missing = [each for each in spec.qualities if each not in spec.tokens.table]
        if missing or spec.default_quality not in spec.tokens.table:
            raise table.error("tokens", "its table must have a row for every quality")
    if spec.tokens.output == "area" and not spec.sizes.max_pixels:
        raise table.error("sizes", 'tokens with output = "area" need a grid with max_pixels')


def _check_names(specs: tuple[ModelSpec, ...]) -> None:
    """Names are unique; every successor exists and no chain of them runs in a circle."""
    heirs = {spec.id: spec.successor for spec in specs}
    seen: set[str] = set()
    for spec in specs:
        table = _Table(_path("models", spec.id), {})
        for name in (spec.id, *spec.aliases):
            if name in seen:
                raise table.error("aliases", f"{name!r} is the name of another model")
            seen.add(name)
        chain = [spec.id]
        while (heir := heirs[chain[-1]]) is not None:
            if heir not in heirs:
                raise table.error("successor", f"{heir!r} is not a model")
            if heir in chain:
                raise table.error("successor", f"{' -> '.join([*chain, heir])} is a circle")
            chain.append(heir)
