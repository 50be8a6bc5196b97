"""Colour worlds: each mood is one coherent set of sky, light, land and accent colours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from darkroom.providers.sandbox.color import RGB, rgb


@dataclass(frozen=True, slots=True)
class Palette:
    """``sky`` from zenith to horizon; ``far`` to ``near`` are land by distance."""

    name: str
    sky: tuple[RGB, RGB, RGB, RGB]
    sun: RGB
    far: RGB
    mid: RGB
    near: RGB
    water: RGB
    accent: RGB
    second: RGB
    ink: RGB
    paper: RGB
    dark: bool = False

    def accented(self, color: RGB) -> "Palette":
        """The same world with another accent: "a red bicycle"."""
        return replace(self, accent=color)


def _palette(name: str, sky: str, land: str, rest: str, dark: bool = False) -> Palette:
    """``sky``: 4 colours; ``land``: sun far mid near water; ``rest``: accent second ink paper."""
    a, b, c, d = map(rgb, sky.split())
    sun, far, mid, near, water = map(rgb, land.split())
    accent, second, ink, paper = map(rgb, rest.split())
    return Palette(name, (a, b, c, d), sun, far, mid, near, water, accent, second, ink, paper, dark)


PALETTES: Mapping[str, Palette] = {
    palette.name: palette
    for palette in (
        _palette(
            "sunset",
            "2b2a66 8d3f7e ee6f5c ffc472",
            "fff1c4 a8527a 6a3568 2c1c44 5a3a7a",
            "ff8a4c ffd27a 241436 fff3e0",
        ),
        _palette(
            "dawn",
            "6f8fc9 b9a9d6 f6bfb4 ffe3bd",
            "fff6de b59fc2 7f7fae 454a74 8f9fcb",
            "f28f6b f9d08b 2c2c4a fff7ec",
        ),
        _palette(
            "day",
            "3f8fd6 74b6e8 b4dcf2 eaf6f2",
            "fffbe6 9dc3c4 5f9c86 2f6b58 3d93bd",
            "f2663f ffc94a 1d3142 fbf8ef",
        ),
        _palette(
            "sea",
            "2577b8 58aede a5def0 f2f5df",
            "fffdf0 7fb3c4 3f8ba3 1e5c7a 1f8fae",
            "ff6b57 ffd166 12324a fdf8ec",
        ),
        _palette(
            "night",
            "070b24 121c4a 2a3676 5b5a9e",
            "fdf3d0 353a7c 20265a 0c1030 1b2560",
            "ffc65c ff6f91 070a1e eef0ff",
            dark=True,
        ),
        _palette(
            "neon",
            "0a0620 241049 5c1f7a c0447f",
            "ff9ecb 3c1f73 23124c 0d0726 2a1460",
            "35e0e6 ff5fa8 08041a f6efff",
            dark=True,
        ),
        _palette(
            "space",
            "04040f 0c0d2b 1f1a52 4b2f7c",
            "ffe9b8 4a3a86 2a2459 0e0c28 1b1a4a",
            "ffb35c 6fd3ff 050510 f2f0ff",
            dark=True,
        ),
        _palette(
            "forest",
            "5f9c9a 94c1ab cfe0b6 f7f2cf",
            "fffbdc 8fb59b 4d8468 1c4a3c 5b9a94",
            "f2a541 e4572e 12302a f7f5e4",
        ),
        _palette(
            "autumn",
            "6d8fae b7bcb4 f0cf9d fde7bd",
            "fff2cf c98a5a a4522f 57281f 8b8f8a",
            "d9482b f2b03d 331a16 fdf3e1",
        ),
        _palette(
            "winter",
            "7fa3cc a9c6e2 d4e3ef f5f4f2",
            "ffffff b6cbe0 86a5c4 4d6d90 9cbcd8",
            "d6455b f0c36b 22334d fafcff",
        ),
        _palette(
            "desert",
            "4a8fb5 9cc4c4 f3d7a4 ffe6b8",
            "fff6d8 dca26a c1703e 7c3a2a d9b07a",
            "e2553a 2f8f8b 3b1d18 fdf2de",
        ),
        _palette(
            "studio",
            "e9dfd3 efe6da f4ede3 f8f3eb",
            "ffffff d9cbb9 bfae99 7d6c5b c9bba8",
            "c8643c 2f5d62 2b2320 faf6f0",
        ),
        _palette(
            "luxe",
            "16181d 22252d 343842 565a64",
            "ffe8c0 3c404a 272a32 111318 2a2d36",
            "d8a657 9c3d3d 0b0c0f f3ede2",
            dark=True,
        ),
        _palette(
            "pastel",
            "a9c4f5 d3c5f2 f6cfe0 fde6d8",
            "fffaf0 c9b7e6 a6a2da 6f72b5 a6cdea",
            "f2769b ffc66e 3a3560 fffaf6",
        ),
        _palette(
            "fresh",
            "8fd3c1 b9e4c9 e3f2c8 fff8d6",
            "fffde8 8fcf9f 54ab76 2a7a54 69bfc4",
            "ff7a45 ffcb47 163a32 fffcf0",
        ),
    )
}
