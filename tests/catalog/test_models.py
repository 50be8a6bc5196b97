"""The built-in catalogue holds the facts we promise: names, dates, counts, successors."""

import time
from datetime import date

import pytest

from darkroom.catalog import Catalog
from darkroom.core.capability import ModelSpec
from darkroom.core.size import Size
from darkroom.core.tokens import input_image_tokens, output_tokens, output_tokens_max

CATALOG = Catalog.load()
TODAY = date(2026, 11, 20)


def spec(name: str) -> ModelSpec:
    found = CATALOG.get(name)
    assert found is not None, name
    return found


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("gpt-image-1", "gpt-image-1"),
        ("gpt-image-1-mini", "gpt-image-1-mini"),
        ("gpt-image-1.5-2025-12-16", "gpt-image-1.5"),
        ("chatgpt-image-latest", "gpt-image-1.5"),
        ("gpt-image-2-2026-04-21", "gpt-image-2"),
        ("gpt-image-2.5", "gpt-image-2.5-flare"),
        ("chatgpt-images-2.5", "gpt-image-2.5-flare"),
        ("gpt-image-2.5-flare-2026-09-08", "gpt-image-2.5-flare"),
        ("gpt-image-2.5-sunburst-2026-09-08", "gpt-image-2.5-sunburst"),
        ("gpt-image-2.6-flare", "gpt-image-2.6-flare"),
        ("gpt-image-2.6-sunburst", "gpt-image-2.6-sunburst"),
        ("gemini-3-pro-image-preview", "gemini-3-pro-image"),
        ("gemini-nano-banana-2.1", "gemini-nano-banana-2.1"),
        ("flux-2-klein-9b", "flux-2-klein-9b"),
        ("dall-e-3", "dall-e-3"),
    ],
)
def test_names_and_aliases(name: str, model: str) -> None:
    assert spec(name).id == model


def test_unknown_names_are_nobody() -> None:
    assert CATALOG.get("gpt-image-3") is None
    assert CATALOG.get("") is None


def test_the_catalogue_loads_fast() -> None:
    best = min(_load_seconds() for _ in range(5))
    assert best < 0.015


def _load_seconds() -> float:
    start = time.perf_counter()
    Catalog.load()
    return time.perf_counter() - start


@pytest.mark.parametrize("model", CATALOG.models, ids=lambda model: model.id)
def test_every_model_can_be_counted(model: ModelSpec) -> None:
    for quality in ("auto", *model.qualities):
        top = output_tokens_max(model, quality, None)
        size = model.sizes.default
        tokens = output_tokens(model, quality, size)
        assert tokens > 0
        assert tokens <= output_tokens_max(model, quality, size) <= top
    assert input_image_tokens(model, Size(1024, 1024), None) >= 0


@pytest.mark.parametrize("model", CATALOG.models, ids=lambda model: model.id)
def test_every_model_is_complete(model: ModelSpec) -> None:
    assert model.label
    assert model.description
    assert model.doc_url is not None
    assert model.sizes.allows(model.sizes.default)
    assert "auto" in model.backgrounds
    assert {"png", "jpeg", "webp"} & set(model.formats), "PNG, or what can be made into one"
    assert "svg" not in model.formats


def test_only_the_2_6_family_animates() -> None:
    animated = {model.id for model in CATALOG.models if "gif" in model.formats}
    assert animated == {"gpt-image-2.6-flare", "gpt-image-2.6-sunburst"}


def test_real_counts() -> None:
    assert output_tokens(spec("gpt-image-1.5"), "high", Size(1024, 1536)) == 6240
    assert output_tokens(spec("gpt-image-2"), "medium", Size(3840, 2160)) == 3336
    assert output_tokens(spec("gemini-3-pro-image"), "auto", Size(4096, 4096)) == 2000
    assert output_tokens(spec("gemini-3-pro-image"), "auto", Size(2752, 1536)) == 1120
    assert output_tokens(spec("gemini-3.1-flash-image"), "auto", Size(512, 512)) == 747
    assert output_tokens(spec("gemini-3.1-flash-image"), "auto", Size(384, 3072)) == 1120
    assert output_tokens(spec("gemini-3.1-flash-image"), "auto", Size(3168, 1344)) == 1680
    assert output_tokens(spec("gemini-2.5-flash-image"), "auto", Size(768, 1344)) == 1290
    assert input_image_tokens(spec("gpt-image-1.5"), Size(1536, 1024), "high") == 6563
    assert input_image_tokens(spec("gpt-image-2.6-flare"), Size(1024, 1024), None) == 4354


@pytest.mark.parametrize(
    ("quality", "size", "measured"),
    [
        ("low", Size(1536, 1024), 664),
        ("high", Size(1536, 1024), 1353),
        ("high", Size(3840, 2160), 3337),
        ("auto", Size(1024, 1024), 5800),
    ],
)
def test_the_bound_for_2_6_holds_for_what_was_measured(
    quality: str, size: Size, measured: int
) -> None:
    model = spec("gpt-image-2.6-flare")
    assert model.tokens.bound
    assert output_tokens_max(model, quality, size) >= measured


def test_gemini_sizes() -> None:
    assert len(spec("gemini-3-pro-image").sizes.fixed) == 30
    wide = spec("gemini-nano-banana-2.1").sizes
    assert len(wide.fixed) == 42
    for size in ("1264x848", "1696x2528", "6336x2688", "2048x512", "1536x12288"):
        parsed = Size.parse(size)
        assert parsed is not None
        assert wide.allows(parsed), size
    assert not wide.allows(Size(512, 512))
    assert spec("gemini-3.1-flash-image").sizes.allows(Size(512, 512))


@pytest.mark.parametrize(
    ("name", "vendor", "last_day"),
    [
        ("dall-e-3", "openai", date(2026, 5, 11)),
        ("dall-e-2", "openai", date(2026, 5, 11)),
        ("gpt-image-1", "openai", date(2026, 10, 22)),
        ("gpt-image-1", "azure", date(2026, 10, 22)),
        ("gpt-image-1-mini", "openai", date(2026, 11, 30)),
        ("gpt-image-1-mini", "azure", date(2027, 4, 6)),
        ("gpt-image-1.5", "openai", date(2026, 11, 30)),
        ("gpt-image-1.5", "azure", date(2026, 12, 15)),
        ("gpt-image-2", "azure", date(2027, 10, 20)),
        ("gpt-image-2.5-flare", "azure", date(2027, 9, 8)),
        ("gemini-2.5-flash-image", "google", date(2027, 3, 14)),
        ("gemini-3.1-flash-image", "google", date(2026, 10, 28)),
        ("gemini-3.1-flash-image", "vertex", date(2027, 5, 27)),
    ],
)
def test_a_model_retires_on_its_shutdown_day(name: str, vendor: str, last_day: date) -> None:
    model = spec(name)
    assert not CATALOG.retired(model, vendor, last_day)
    assert CATALOG.retired(model, vendor, date.fromordinal(last_day.toordinal() + 1))
    assert not CATALOG.retired(model, "", date.max)


def test_nothing_is_retired_where_the_catalogue_knows_nothing() -> None:
    assert not CATALOG.retired(spec("dall-e-3"), "somebody", date.max)
    assert not CATALOG.retired(spec("gpt-image-2"), "openai", date.max)


@pytest.mark.parametrize(
    ("name", "vendor", "today", "heir"),
    [
        ("gpt-image-1", "openai", TODAY, "gpt-image-1.5"),
        ("gpt-image-1", "openai", date(2026, 12, 1), "gpt-image-2.5-sunburst"),
        ("gpt-image-1", "azure", date(2026, 12, 1), "gpt-image-1.5"),
        ("gpt-image-1", "azure", date(2026, 12, 16), "gpt-image-2.5-sunburst"),
        ("gpt-image-1.5", "openai", date(2026, 12, 1), "gpt-image-2.5-sunburst"),
        ("gpt-image-1-mini", "openai", date(2026, 12, 1), "gpt-image-2.5-flare"),
        ("gpt-image-2.5-flare", "azure", date(2027, 9, 9), None),
        ("dall-e-3", "openai", TODAY, "gpt-image-1.5"),
        ("dall-e-2", "openai", date(2026, 12, 1), "gpt-image-2.5-flare"),
        ("dall-e-3", "", TODAY, "gpt-image-1"),
        ("gemini-3.1-flash-image", "google", TODAY, "gemini-nano-banana-2.1"),
        ("gemini-3.1-flash-image", "google", date(2026, 10, 6), None),
        ("gemini-3.1-flash-image", "vertex", date(2027, 5, 28), None),
        ("gpt-image-2.6-sunburst", "openai", TODAY, None),
    ],
)
def test_the_successor_is_the_first_one_alive(
    name: str, vendor: str, today: date, heir: str | None
) -> None:
    found = CATALOG.successor_of(spec(name), vendor, today)
    assert (found.id if found else None) == heir
