"""The full landscape: a place, the subjects in it, and what stands in front of them."""

from darkroom.providers.sandbox.motifs import MOTIFS
from darkroom.providers.sandbox.scenes.places import PLACES, Ground
from darkroom.providers.sandbox.scenes.stage import Spot, Stage, light, place


def outdoor(stage: Stage) -> None:
    """Draw ``stage.brief.place`` and its subjects."""
    setting = PLACES.get(stage.brief.place, PLACES["meadow"])
    ground = setting.back(stage)
    names = stage.brief.subjects
    for i, name in enumerate(names):
        _stand(stage, ground, name, (i, len(names)))
    setting.front(stage, ground)
    light(stage, stage.w * (0.5 - stage.side * 0.45), 0.0, 0.9, 0.16)


def _stand(stage: Stage, ground: Ground, name: str, turn: tuple[int, int]) -> None:
    """The first of ``turn[1]`` subjects is the hero, off centre when there is room."""
    index, count = turn
    habitat = MOTIFS[name].habitat
    roomy = stage.w > 1.25
    if count == 1:
        x = stage.w * (0.5 - stage.side * (0.13 if roomy else stage.pick(0.0, 0.06, 0.03)))
    else:
        step = min(stage.w / count, 0.55)
        x = stage.w / 2 + (index - (count - 1) / 2) * step
    share = min(0.82 * stage.w / count, 1.1)
    height = ground.size * min(1.3, max(1.0, stage.h)) * (1.0 if count == 1 else 0.92)
    if habitat == "water":
        place(stage, name, Spot(x, ground.water, height, share), 0.0, index == 0)
    elif habitat == "air":
        y = min(ground.y - 0.1, stage.h * 0.62) - 0.06 * index
        place(stage, name, Spot(x, y, height * 0.9, share * 0.8), 0.0, index == 0)
    else:
        place(stage, name, Spot(x, ground.y - 0.02 * (index % 2), height, share), 0.5, index == 0)
