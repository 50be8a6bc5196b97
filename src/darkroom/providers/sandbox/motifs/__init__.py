"""The registry of motifs: every thing the sandbox can draw, by name."""

from collections.abc import Mapping
from functools import partial

from darkroom.providers.sandbox.motifs import animals, food, nature, people, products, vehicles
from darkroom.providers.sandbox.motifs.look import Look, Motif

__all__ = ["MOTIFS", "Look", "Motif"]

MOTIFS: Mapping[str, Motif] = {
    **{kind: Motif(partial(animals.sitting, kind), 0.75, "ground") for kind in animals.COATS},
    "bird": Motif(animals.bird, 1.5, "air"),
    "fish": Motif(animals.fish, 1.9, "water"),
    "whale": Motif(animals.whale, 2.1, "water"),
    "car": Motif(vehicles.car, 3.3, "ground"),
    "bicycle": Motif(vehicles.bicycle, 1.8, "ground"),
    "boat": Motif(vehicles.boat, 1.0, "water"),
    "balloon": Motif(vehicles.balloon, 0.72, "air"),
    "rocket": Motif(vehicles.rocket, 0.55, "air"),
    "plane": Motif(vehicles.plane, 2.1, "air"),
    "saree": Motif(people.saree, 0.5, "ground"),
    "gown": Motif(people.gown, 0.7, "ground"),
    "portrait": Motif(people.portrait, 1.05, "bust"),
    "handbag": Motif(products.handbag, 1.2, "table"),
    "watch": Motif(products.watch, 0.7, "table"),
    "bottle": Motif(products.bottle, 0.55, "table"),
    "shoe": Motif(products.shoe, 1.9, "table"),
    "headphones": Motif(products.headphones, 1.15, "table"),
    "phone": Motif(products.phone, 0.5, "table"),
    "chair": Motif(products.chair, 1.0, "table"),
    "coffee": Motif(food.coffee, 1.25, "table"),
    "watermelon": Motif(food.watermelon, 1.9, "table"),
    "bowl": Motif(food.bowl, 1.4, "table"),
    "cake": Motif(food.cake, 1.2, "table"),
    "pizza": Motif(food.pizza, 1.0, "table"),
    "fruit": Motif(food.fruit, 1.3, "table"),
    "icecream": Motif(food.icecream, 0.65, "table"),
    "sunflower": Motif(nature.sunflower, 0.6, "ground"),
    "bouquet": Motif(nature.bouquet, 0.95, "table"),
    "tree": Motif(nature.tree, 0.9, "ground"),
    "house": Motif(nature.house, 1.05, "ground"),
    "lighthouse": Motif(nature.lighthouse, 0.75, "ground"),
    "robot": Motif(nature.robot, 0.9, "ground"),
}
"""Who stands where: on the ground, in water, in the air, on a table, or cut off below (bust)."""
