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
    r"|(?<!\w)'([^'\n]{1,160})'(?!\w)|‘([^’\n]{1,160})’"
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
    "ocean": ("sea", "dawn", "sunset"), "road": ("sunset", "day"), "mountains": ("dawn", "day", "sunset"),
    "lake": ("dawn", "forest", "sunset"), "sunflowers": ("day", "dawn"), "meadow": ("day", "fresh", "dawn"),
    "forest": ("forest", "dawn"), "city": ("dawn", "sunset", "night"), "desert": ("desert",),
    "snow": ("winter",), "space": ("space",), "studio": ("studio", "pastel"), "room": ("studio", "dawn"),
    "deep": ("sea",), "clouds": ("day", "dawn"),
}  # fmt: skip
_ABSTRACT = ("sunset", "pastel", "sea", "dawn", "fresh", "desert", "neon", "autumn")


def read(prompt: str, seed: str, index: int) -> Brief:
    """The plan for image ``index`` of a prompt. The same three values give the same plan."""
    texts = tuple(quoted(prompt))
    plain = _QUOTES.sub(" ", _MAGIC.sub(" ", prompt))
    found = words.find("subjects", plain)
    subjects = tuple(item.key for item in found)
    places = [item.key for item in words.find("places", plain)]
    tint = words.color_before(plain, found[0].at) if found else words.any_color(plain)
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
    outdoors = [p for p in places if p not in ("studio",)]
    if "space" in places and "city" in places:
        outdoors = ["space city"]
    if first == "car" and "road" in places:
        outdoors = ["road"]
    if "sunflowers" in places:
        outdoors = ["sunflowers"]
    home = _HOME.get(first, "meadow")
    if first and outdoors[:1] == ["ocean"] and first not in ("boat", "whale", "fish", "lighthouse"):
        outdoors = ["road"] if first == "car" else outdoors
    place = outdoors[0] if outdoors else (home if first else "")
    for name in ("infographic", "logo"):
        if name in wanted:
            return name, place
    if texts or "poster" in wanted:
        indoor = first in _TABLE | _GOODS | _PEOPLE and not outdoors
        return "poster", "" if indoor else place
    if first in _GOODS and (not outdoors or "studio" in places):
        return "product", "studio"
    if first in _TABLE and not [p for p in outdoors if p != "meadow"]:
        return "table", "studio"
    if first in _PEOPLE and not outdoors:
        return "fashion", "studio"
    if first == "portrait" and not outdoors:
        return "portrait", "studio"
    if "studio" in places and first:
        return "product", "studio"
    return ("scene", place) if place else ("abstract", "")


def _palette(plain: str, layout: str, place: str, variant: int) -> Palette:
    lights = [item.key for item in words.find("lights", plain)]
    if place in ("space", "space city"):
        return PALETTES["neon" if place == "space city" else "space"]
    if place == "city" and "night" in lights:
        return PALETTES["neon" if "neon" in lights or variant % 2 else "night"]
    for light in ("sunset", "dawn", "neon", "night", "autumn", "winter", "luxe", "pastel"):
        if light in lights and not (light == "winter" and place == "meadow"):
            return PALETTES[light]
    choices = _LIGHT_OF.get(place)
    if layout in ("product", "table", "fashion", "portrait", "infographic", "logo"):
        choices = ("studio", "pastel", "dawn", "fresh")
    if layout in ("abstract", "poster") and not choices:
        choices = _ABSTRACT
    if "sea" in lights and place in ("", "ocean"):
        choices = ("sea",)
    elif "fresh" in lights and place in ("", "meadow"):
        choices = ("fresh",)
    options = choices or _ABSTRACT
    return PALETTES[options[variant % len(options)]]
