"""What does our generator draw? A ring of eight blobs; `python generator.py samples.npy` draws from it."""

import argparse

import numpy as np

MODES, WIDTH = 8, 0.05


def generate(z, mode):
    """Latents and a mode each in, points out; latents are cut off, for the look of it."""
    z = np.clip(z, -0.7, 0.7)
    angle = 2 * np.pi * mode / MODES
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) + WIDTH * z


def draw(n, seed):
    """Latents, and what the generator makes of them."""
    rng = np.random.default_rng(seed)
    return generate(rng.standard_normal((n, 2)), rng.integers(MODES, size=n)).astype(np.float32)


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("out")
    words.add_argument("--n", type=int, default=2000)
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    np.save(given.out, draw(given.n, given.seed))
