"""Where is a trained generator to try things on? A few small ones, healthy and collapsed, ship with the package."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from reference_gans.recipes import RECIPES, Recipe

ZOO = Path(__file__).parent
"""The folder of the bundles: weights as safetensors, with what they are in the file's own metadata."""

MOST_BYTES = 3_000_000
"""All bundles together: they travel with every installation."""


@dataclass(frozen=True)
class Trained:
    """One trained generator, and what is known of it.

    Args:
        name: Of the bundle, which is the name of its recipe.
        generator: Ready to draw: latents in, samples out, in evaluation mode.
        recipe: What it was trained by.
        seed: Of that training.
        steps: Generator steps that it took.
        verdict: What its monitor said in the end, on 2,000 samples.
        kind: What it stands for: healthy, partly or wholly collapsed.
    """

    name: str
    generator: nn.Module
    recipe: Recipe
    seed: int
    steps: int
    verdict: str
    kind: str


def names() -> list[str]:
    """All bundles, by name.

    Example:
        >>> "ring8_healthy" in names()
        True
    """
    return sorted(file.stem for file in ZOO.glob("*.safetensors"))


def load(name: str) -> Trained:
    """A trained generator by its name.

    Args:
        name: One of ``names()``.

    Returns:
        The generator with its recipe, seed and verdict.

    Raises:
        ValueError: If there is no bundle of that name.

    Example:
        >>> import torch
        >>> trained = load("ring8_collapsed")
        >>> z = torch.randn(500, trained.recipe.latent, generator=torch.Generator().manual_seed(0))
        >>> bool(trained.generator(z).std() < 0.1)
        True
    """
    if name not in names():
        raise ValueError(f"a bundle named one of {', '.join(names())} is needed, got {name!r}.")
    with safe_open(ZOO / f"{name}.safetensors", framework="pt") as file:
        about: dict[str, Any] = json.loads(file.metadata()["config"])
        weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
    recipe, network = RECIPES[about["recipe"]], generator(about["recipe"])
    network.load_state_dict(weights)
    network.requires_grad_(False).eval()
    return Trained(name, network, recipe, about["seed"], about["steps"], about["verdict"], about["kind"])


def generator(recipe: str) -> nn.Module:
    """The network of a recipe, not trained yet: what a bundle names as its builder.

    Args:
        recipe: A name of ``RECIPES``.

    Returns:
        The generator, with weights drawn at random.

    Raises:
        ValueError: If there is no recipe of that name.

    Example:
        >>> sum(weight.numel() for weight in generator("ring8_healthy").parameters())
        17154
    """
    if recipe not in RECIPES:
        raise ValueError(f"a recipe is needed, one of {', '.join(RECIPES)}, got {recipe!r}.")
    return RECIPES[recipe].generator(RECIPES[recipe].latent)


def how_to_open(recipe: str) -> dict[str, Any]:
    """What a bundle says of itself, so that it can be scored without further words."""
    data = RECIPES[recipe].data
    return {
        "format": "collapse_metrics bundle 1",
        "model": "reference_gans.zoo:generator",
        "model_args": {"recipe": recipe},
        "latent": RECIPES[recipe].latent,
        "value_range": [0, 1] if data in ("digits", "fives") else None,
        "reference": "mnist" if data == "digits" else None,
    }


def save(trained: nn.Module, folder: Path, about: dict[str, Any]) -> Path:
    """Write one bundle; nothing in it runs when it is read.

    Args:
        trained: The generator.
        folder: Where the bundle goes.
        about: ``recipe``, ``seed``, ``steps``, ``verdict`` and ``kind``.

    Returns:
        The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{about['recipe']}.safetensors"
    weights = {key: value.contiguous() for key, value in trained.state_dict().items()}
    save_file(weights, file, metadata={"config": json.dumps(about | how_to_open(about["recipe"]), sort_keys=True)})
    return file
