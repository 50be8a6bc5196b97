"""From a prompt to a plan: what to show, where, in which light, with which words on it."""

import re
from dataclasses import dataclass

from darkroom.providers.sandbox import words
from darkroom.providers.sandbox.color import RGB
from darkroom.providers.sandbox.palette import PALETTES, Palette


@dataclass(frozen=True, slots=True)
class Brief:
    """``layout`` names a scene of :mod:`.scenes`; ``variant`` counts through compositions."""

    layout: str
    place: str
    subjects: tuple[str, ...]
    palette: Palette
    tint: RGB | None
    texts: tuple[str, ...]
    variant: int
    seed: str
    night: bool = False


_QUOTES = re.compile(
    r"\"([^\"\n]{1,160})\"|“([^”\n]{1,160})”|「([^」\n]{1,160})」|«([^»\n]{1,160})»"
    r"|(?<!\w)'([^'\n]{1,160})'(?!\w)|\u2018([^\u2019\n]{1,160})\u2019"
)
_MAGIC = re.compile(r"\[\[.*?\]\]")

_TABLE = {"coffee", "watermelon", "bowl", "cake", "pizza", "fruit", "icecream", "bouquet"}
_GOODS = {"handbag", "watch", "bottle", "shoe", "headphones", "phone", "chair"}
_PEOPLE = {"saree", "gown"}
_HOME = {
    "car": "road", "boat": "ocean", "whale": "ocean", "fish": "deep", "lighthouse": "ocean",
    "rocket": "space", "balloon": "mountains", "plane": "clouds", "robot": "city",
    "fox": "forest", "bear": "forest", "panda": "forest", "tiger": "forest", "lion": "desert",
    "bird": "forest",
}  # fmt: skip
"""Where a subject lives when the prompt names no place; a meadow otherwise."""
_LIGHT_OF = {
    "ocean": "sea dawn sunset",
    "road": "sunset day",
    "mountains": "dawn day sunset",
    "lake": "dawn forest sunset",
    "sunflowers": "day dawn",
    "meadow": "day fresh dawn",
    "forest": "forest dawn",
    "city": "dawn sunset night",
    "desert": "desert",
    "snow": "winter",
    "space": "space",
    "studio": "studio pastel",
    "room": "studio dawn",
    "deep": "sea",
    "clouds": "day dawn",
}
"""Palettes that suit a place, used in turn when the prompt names no light."""
_INDOORS = "studio pastel dawn fresh"
_ABSTRACT = "sunset pastel sea dawn fresh desert neon autumn"
_STRONG = ("sunset", "dawn", "neon", "night", "autumn", "winter", "luxe", "pastel")
"""Lights that colour any picture, the strongest first."""


def read(prompt: str, seed: str, index: int) -> Brief:
    """The plan for image ``index`` of a prompt. The same three values give the same plan."""
    texts = tuple(quoted(prompt))
    plain = _QUOTES.sub(" ", _MAGIC.sub(" ", prompt))
    found = words.find("subjects", plain)
    subjects = tuple(item.key for item in found)
    places = [item.key for item in words.find("places", plain)]
    tint = words.color_of(plain, found[0].key) if found else words.any_color(plain)
    if "golden retriever" in plain.lower():
        tint = None
    subjects = _settled(subjects)
    variant = sum(seed.encode()) % 7 + index
    layout, place = _layout(plain, subjects, places, texts)
    palette = _palette(plain, layout, place, variant)
    if tint is not None:
        palette = palette.accented(tint)
    lights = [item.key for item in words.find("lights", plain)]
    night = palette.dark or "night" in lights
    return Brief(layout, place, subjects, palette, tint, texts, variant, f"{seed}/{index}", night)


def quoted(prompt: str) -> list[str]:
    """The texts in quotation marks, single or double, straight or curly."""
    found: list[str] = []
    for match in _QUOTES.finditer(prompt):
        text = " ".join(next(group for group in match.groups() if group is not None).split())
        if text:
            found.append(text)
    return found[:3]


def _settled(subjects: tuple[str, ...]) -> tuple[str, ...]:
    """A woman in a saree is one figure, not a portrait beside a saree."""
    figures = [s for s in subjects if s in _PEOPLE]
    if figures:
        best = "saree" if "saree" in figures else figures[0]
        subjects = tuple(s for s in subjects if s not in _PEOPLE | {"portrait"} or s == best)
    elif len(subjects) > 1:
        subjects = tuple(s for s in subjects if s != "portrait")
    if len(subjects) > 1 and "bottle" in subjects:
        subjects = tuple(s for s in subjects if s != "bottle")
    return subjects[:3]


def _layout(
    plain: str, subjects: tuple[str, ...], places: list[str], texts: tuple[str, ...]
) -> tuple[str, str]:
    """Which scene, and which place for scenes that have one."""
    wanted = [item.key for item in words.find("layouts", plain)]
    first = subjects[0] if subjects else ""
    outdoors = _outdoors(first, places)
    place = outdoors or (_HOME.get(first, "meadow") if first else "")
    for name in ("infographic", "logo"):
        if name in wanted:
            return name, place
    if texts or "poster" in wanted:
        indoor = first in _TABLE | _GOODS | _PEOPLE and not outdoors
        return "poster", "" if indoor else place
    indoors = _indoors(first, outdoors, "studio" in places)
    if indoors:
        return indoors, "studio"
    return ("scene", place) if place else ("abstract", "")


def _outdoors(first: str, places: list[str]) -> str:
    """The place that the prompt names, if it is one to stand in."""
    if "space" in places and "city" in places:
        return "space city"
    if first == "car" and {"road", "ocean"} & set(places):
        return "road"
    if "sunflowers" in places:
        return "sunflowers"
    return next((place for place in places if place != "studio"), "")


def _indoors(first: str, outdoors: str, studio: bool) -> str:
    """The set that suits a subject which is not out of doors."""
    if first in _GOODS and (not outdoors or studio):
        return "product"
    if first in _TABLE and outdoors in ("", "meadow"):
        return "table"
    if outdoors:
        return ""
    if first in _PEOPLE:
        return "fashion"
    if first == "portrait":
        return "portrait"
    return "product" if studio and first else ""


def _palette(plain: str, layout: str, place: str, variant: int) -> Palette:
    lights = [item.key for item in words.find("lights", plain)]
    if place in ("space", "space city"):
        return PALETTES["neon" if place == "space city" else "space"]
    if place == "city" and "night" in lights:
        return PALETTES["neon" if "neon" in lights or variant % 2 else "night"]
    for light in _STRONG:
        if light in lights:
            return PALETTES[light]
    choices = _LIGHT_OF.get(place, _ABSTRACT)
    if layout in ("product", "table", "fashion", "portrait", "infographic", "logo"):
        choices = _INDOORS
    if "sea" in lights and place in ("", "ocean"):
        choices = "sea"
    elif "fresh" in lights and place in ("", "meadow"):
        choices = "fresh"
    options = choices.split()
    return PALETTES[options[variant % len(options)]]
