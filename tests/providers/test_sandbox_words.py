"""From words to plans, and type that fits: the parts that decide what a picture shows."""

import pytest

from darkroom.providers.sandbox import typography, words
from darkroom.providers.sandbox.brief import quoted, read
from darkroom.providers.sandbox.motifs import MOTIFS
from darkroom.providers.sandbox.palette import PALETTES
from darkroom.providers.sandbox.scenes.lettering import split
from darkroom.providers.sandbox.scenes.places import PLACES


@pytest.mark.parametrize(
    ("prompt", "layout", "place", "subjects"),
    [
        ("a golden retriever in a field of sunflowers", "scene", "sunflowers", ("dog",)),
        ("a silver sports car on a coastal highway at sunset", "scene", "road", ("car",)),
        ("a female model in a traditional green saree", "fashion", "studio", ("saree",)),
        ("a leather handbag, studio lighting", "product", "studio", ("handbag",)),
        ("a colorful sunset over the ocean", "scene", "ocean", ()),
        ("logo for a coffee shop 'Dawn Brew'", "logo", "meadow", ("coffee",)),
        ("a poster reading 'GRAND OPENING'", "poster", "", ()),
        ('"여름 세일" 포스터, 바다와 수박', "poster", "ocean", ("watermelon",)),
        ("빨간 자전거", "scene", "meadow", ("bicycle",)),
        ("숲속의 고양이", "scene", "forest", ("cat",)),
        ("space city at night", "scene", "space city", ()),
        ("infographic about water", "infographic", "", ()),
        ("portrait of a man", "portrait", "studio", ("portrait",)),
        ("a bowl of ramen", "table", "studio", ("bowl",)),
        ("two dogs and a cat", "scene", "meadow", ("dog", "cat")),
        ("불꽃놀이 xyz", "abstract", "", ()),
        ("a category of scarves", "abstract", "", ()),
    ],
)
def test_plans(prompt: str, layout: str, place: str, subjects: tuple[str, ...]) -> None:
    brief = read(prompt, "seed 1", 0)
    assert (brief.layout, brief.place, brief.subjects) == (layout, place, subjects)


@pytest.mark.parametrize(
    ("prompt", "color"),
    [
        ("a red bicycle", "d8342f"),
        ("a sleek silver sports car", "c9ced6"),
        ("빨간 자전거", "d8342f"),
        ("a fashion model in a red dress", "d8342f"),
        ("a handbag with gold hardware", None),
        ("a golden retriever", None),
    ],
)
def test_a_colour_belongs_to_the_thing_it_precedes(prompt: str, color: str | None) -> None:
    tint = read(prompt, "s", 0).tint
    assert (None if tint is None else "{:02x}{:02x}{:02x}".format(*tint)) == color


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("a poster reading 'GRAND OPENING, SATURDAY 10AM'", ["GRAND OPENING, SATURDAY 10AM"]),
        ('"여름 세일" 포스터', ["여름 세일"]),
        ("“One” and \u2018Two\u2019 and 「Three」", ["One", "Two", "Three"]),
        ("don't draw the dog's bone", []),
        ('""', []),
    ],
)
def test_quoted_texts(prompt: str, texts: list[str]) -> None:
    assert quoted(prompt) == texts


def test_vocabulary_and_registries_agree() -> None:
    assert set(words.SUBJECTS) <= set(MOTIFS)
    assert set(words.PLACES) - {"studio"} <= set(PLACES)
    assert set(words.LIGHTS) <= set(PALETTES)


def test_headlines_are_split_from_what_follows() -> None:
    assert split(("GRAND OPENING, SATURDAY 10AM",)) == ("GRAND OPENING", ["SATURDAY 10AM"])
    assert split(("SALE! Everything must go", "Today")) == (
        "SALE!",
        ["Everything must go", "Today"],
    )
    assert split(()) == ("", [])


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "GRAND OPENING",
        "여름 세일",
        "대한민국에서가장긴단어를한줄에넣어보자끝까지읽을수있게",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk",
        "The quick brown fox jumps over the lazy dog " * 6,
    ],
)
def test_type_fits_its_box(text: str) -> None:
    setting = typography.fit(text.strip(), 600, 300, typography.NARROW)
    face = typography.font(setting.face, max(6, round(setting.size)))
    assert max(face.getlength(line) for line in setting.lines) <= 600 * 1.04
    assert setting.height <= 300 * 1.01
    assert "".join(setting.lines).replace(" ", "") == text.strip().replace(" ", "")
    assert setting.size > 12


def test_hangul_gets_a_face_that_has_it() -> None:
    assert typography.face_for("여름 SALE", typography.SANS) == typography.KOREAN
    assert typography.face_for("SALE", typography.SANS) == typography.SANS
    assert typography.typesettable("SALE 여름 😀") == "SALE 여름"
