"""What is real? 1,200 points of the true ring, frozen; run once, and commit `reference.safetensors`."""

import numpy as np
import torch

from collapse_metrics import Reference

rng = np.random.default_rng(0)
angle = 2 * np.pi * np.arange(8) / 8
centres = np.stack([np.cos(angle), np.sin(angle)], axis=1)
real = centres[rng.integers(8, size=1200)] + 0.05 * rng.standard_normal((1200, 2))
Reference.fit(real=real, modes=torch.from_numpy(centres).float(), name="ring").save("reference.safetensors")
