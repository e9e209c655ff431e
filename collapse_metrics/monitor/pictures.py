"""What did the generator draw at this step? A small picture or a few points, kept beside the history."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

SIDE = 8
"""Rows and columns of a sample grid: 64 pictures show ten classes about six times each."""

POINTS = 400
"""Points kept of two-dimensional samples."""


def keep_samples(outputs: Tensor, pictures: Tensor | None, folder: Path | None, step: int) -> dict[str, Any]:
    """Store a grid of pictures as PNG in ``folder``, or two-dimensional points as numbers.

    Args:
        outputs: What the generator returned.
        pictures: The same as pictures in [0, 1], where they are pictures.
        folder: Folder of the run; without one only points are kept.
        step: Training step.

    Returns:
        What the history notes about it; empty where there is nothing to show, and why where it could not be kept.
    """
    if pictures is not None and folder is not None:
        from PIL import Image

        name = f"samples/step_{step:08d}.png"
        try:
            (folder / "samples").mkdir(parents=True, exist_ok=True)
            Image.fromarray(_grid(pictures)).save(folder / name, optimize=True)
        except OSError as error:  # a full disk costs the picture, not the look
            return {"lost": f"{type(error).__name__}: {error}"}
        return {"png": name, "side": SIDE}
    flat = outputs.flatten(1)
    if pictures is None and flat.shape[1] == 2:
        return {"points": np.round(flat[:POINTS].double().numpy(), 3).tolist()}
    return {}


def _grid(pictures: Tensor) -> np.ndarray:
    """The first pictures side by side, one pixel of grey between them."""
    shown = torch.nn.functional.pad(pictures[: SIDE * SIDE], (1, 1, 1, 1), value=0.25)
    missing = SIDE * SIDE - len(shown)
    shown = torch.cat([shown, shown.new_zeros(missing, *shown.shape[1:])])
    channels, height, width = shown.shape[1:]
    grid = shown.reshape(SIDE, SIDE, channels, height, width).permute(0, 3, 1, 4, 2)
    grid = grid.reshape(SIDE * height, SIDE * width, channels)
    pixels: np.ndarray = (grid * 255).round().byte().numpy()
    return pixels[..., 0] if channels == 1 else pixels[..., :3]
