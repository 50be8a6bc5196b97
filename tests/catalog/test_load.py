"""The loader takes a good file and refuses a bad one by table and key."""

from collections.abc import Callable
from pathlib import Path

import pytest

from darkroom.catalog import Catalog, CatalogError
from darkroom.catalog.load import load_models
from darkroom.catalog.prices import PriceBook
from darkroom.core.size import Size

GOOD = """
[sizes.s]
fixed = ["1024x1024"]
[sizes.g]
multiple = 16
max_edge = 2048
max_ratio = 3.0
min_pixels = 4096
max_pixels = 4194304
[tokens.t]
output = "table"
[tokens.t.table]
high = { "1024x1024" = 4160 }
[tokens.a]
output = "area"
[tokens.a.table]
high = { factor = 96 }
[models.one]
label = "One"
family = "f"
description = "d"
aliases = ["uno"]
sizes = "s"
tokens = "t"
operations = ["generation"]
qualities = ["high"]
backgrounds = ["auto"]
formats = ["png"]
max_n = 4
max_prompt_chars = 100
successor = "two"
[models.one.vendors]
openai = { released = 2026-01-01, shutdown = 2026-02-01 }
[models.two]
like = "one"
label = "Two"
description = "d"
max_n = 2
"""


def load(tmp_path: Path, text: str) -> Catalog:
    path = tmp_path / "models.toml"
    path.write_text(text, encoding="utf-8")
    return Catalog.load(path)


def test_like_takes_over_capabilities_but_not_identity(tmp_path: Path) -> None:
    one, two = load(tmp_path, GOOD).models
    assert (one.max_n, two.max_n) == (4, 2)
    assert two.sizes.fixed == (Size(1024, 1024),)
    assert two.qualities == ("high",)
    assert (two.aliases, two.vendors, two.successor, two.doc_url) == ((), {}, None, None)


def test_scaled_sizes_are_expanded(tmp_path: Path) -> None:
    text = GOOD.replace(
        'fixed = ["1024x1024"]', 'fixed = ["8x8"]\nscaled = ["10x20"]\nscales = [1, 4]'
    )
    assert load(tmp_path, text).models[0].sizes.fixed == (Size(8, 8), Size(10, 20), Size(40, 80))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("max_n = 4", "max_n = 4\ncolour = 1", ("[models.one]", "'colour'")),
        ("max_n = 4", 'max_n = "4"', ("[models.one]", "'max_n'", "whole number")),
        ("max_n = 4", "max_n = true", ("[models.one]", "'max_n'", "whole number")),
        ("max_n = 4", "max_n = 0", ("[models.one]", "'max_n'", "at least 1")),
        ("max_n = 4", "max_n = -4", ("[models.one]", "'max_n'", "negative")),
        ("max_n = 4\n", "", ("[models.one]", "'max_n'", "missing")),
        ('label = "One"\n', "", ("[models.one]", "'label'", "missing")),
        ('sizes = "s"', 'sizes = "x"', ("[models.one]", "'sizes'", "[sizes.x]")),
        ('tokens = "t"', 'tokens = "a"', ("[models.one]", "'sizes'", "max_pixels")),
        ('successor = "two"', 'successor = "six"', ("[models.one]", "'successor'", "'six'")),
        ('successor = "two"', 'successor = "one"', ("[models.one]", "'successor'", "circle")),
        ('aliases = ["uno"]', 'aliases = ["two"]', ("[models.two]", "'two'")),
        ('aliases = ["uno"]', "aliases = [1]", ("[models.one]", "'aliases'", "text")),
        ('like = "one"', 'like = "six"', ("[models.two]", "'like'", "'six'")),
        ('formats = ["png"]', 'formats = ["svg"]', ("[models.one]", "'formats'", "'svg'")),
        ('formats = ["png"]', "formats = []", ("[models.one]", "'formats'", "empty")),
        ('["generation"]', '["edit"]', ("[models.one]", "'max_inputs'")),
        ('["generation"]', '["paint"]', ("[models.one]", "'operations'", "'paint'")),
        ('qualities = ["high"]', 'qualities = ["low"]', ("[models.one]", "'default_quality'")),
        ('qualities = ["high"]', 'qualities = ["high", "x"]', ("[models.one]", "'tokens'")),
        ("max_n = 4", "max_n = 4\nmax_partial_images = 3", ("'max_partial_images'", "stream")),
        ("shutdown = 2026-02-01", "shutdown = 2025-02-01", ("vendors]", "'openai'", "time")),
        ("shutdown = 2026-02-01", 'shutdown = "soon"', ("openai]", "'shutdown'", "date")),
        ("shutdown = 2026-02-01", "sunset = 2026-02-01", ("openai]", "'sunset'")),
        ('fixed = ["1024x1024"]', 'fixed = ["big"]', ("[sizes.s]", "'fixed'", "'big'")),
        ("multiple = 16", "multiple = 0", ("[sizes.g]", "'multiple'")),
        ("max_ratio = 3.0", "max_ratio = 3", ("[sizes.g]", "'max_ratio'", "decimal")),
        ('output = "table"', 'output = "guess"', ("[tokens.t]", "'output'", "area, flat")),
        ('output = "table"', 'output = "table"\ninput = "guess"', ("[tokens.t]", "'input'")),
        ('output = "table"', 'output = "flat"', ("[tokens.t.table]", "'high'", "pixels")),
        ('high = { "1024x1024" = 4160 }', "", ("[tokens.t.table]", "row")),
        ("{ factor = 96 }", "{ factr = 96 }", ("[tokens.a.table]", "'high'", "factor")),
        ("[sizes.s]", "[shapes.s]", ("'shapes'",)),
        ("[sizes.s]", "[sizes.s", ("models.toml", "line")),
    ],
)
def test_a_wrong_file_is_refused_by_table_and_key(
    tmp_path: Path, old: str, new: str, named: tuple[str, ...]
) -> None:
    assert old in GOOD
    with pytest.raises(CatalogError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    for part in named:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "data", [b"\xff", b"x = " + b"[" * 9_000, b"x = " + b"9" * 5_000], ids=["text", "deep", "long"]
)
@pytest.mark.parametrize("load", [load_models, PriceBook.load])
def test_what_cannot_be_toml_is_refused_as_the_rest_is(
    tmp_path: Path, load: Callable[[Path], object], data: bytes
) -> None:
    path = tmp_path / "any.toml"
    path.write_bytes(data)
    with pytest.raises(CatalogError, match=r"(models|prices)\.toml: "):
        load(path)
