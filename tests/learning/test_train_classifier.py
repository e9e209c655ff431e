"""One's own classes, learnt: named rightly on held-out samples, strict with rubbish, the same for one seed."""

import numpy as np
import pytest
import torch

from collapse_metrics.embed import TrainedClassifier
from collapse_metrics.embed.trained import hashes
from collapse_metrics.learning import classes_of, train_classifier
from collapse_metrics.learning._networks import LearningConv, LearningRows
from collapse_metrics.learning.train import FEWEST_OF_A_CLASS, split
from collapse_metrics.reference import Reference


def clusters(n, rng, *, offset=0.0):
    """Three round clusters in four columns, the first of which may have any offset."""
    labels = torch.arange(n) % 3
    rows = 0.4 * torch.randn(n, 4, generator=rng)
    rows[torch.arange(n), labels] += 3
    rows[:, 0] += offset
    return rows, np.array(["ant", "bee", "cat"])[labels.numpy()]


def stripes(n, rng):
    """Bytes 10 x 12 of one channel: lying and upright stripes, faintly noisy."""
    labels = np.arange(n) % 2
    images = torch.full((n, 10, 12), 30.0)
    phase = torch.randint(0, 2, (n,), generator=rng)
    for index in range(n):
        if labels[index]:
            images[index, int(phase[index]) :: 2] = 220
        else:
            images[index, :, int(phase[index]) :: 2] = 220
    return (images + 5 * torch.randn(images.shape, generator=rng)).clamp(0, 255).byte(), labels


@pytest.fixture(scope="module")
def of_rows():
    rows, labels = clusters(450, torch.Generator().manual_seed(0), offset=1000.0)
    return rows, labels, train_classifier(real=rows, labels=labels, epochs=20, name="insects")


@pytest.fixture(scope="module")
def of_stripes():
    images, labels = stripes(400, torch.Generator().manual_seed(0))
    return images, labels, train_classifier(real=images, labels=labels, names=("upright", "lying"), epochs=4)


def test_rows_are_named_rightly_and_kept(of_rows, rng):
    _, _, classifier = of_rows
    rows, labels = clusters(600, rng, offset=1000.0)
    embedded = classifier(rows)
    called = np.array(classifier.modes)[embedded.probs[:, :-1].argmax(dim=1)]
    # Three sigmas of 0.4 lie between a cluster and its borders: all but a few in 10,000 are told apart.
    assert (called == labels).mean() > 0.98
    assert classifier.accepts(embedded.probs).double().mean() > 0.95
    assert embedded.features.shape == (600, 64)
    assert classifier.modes == ("ant", "bee", "cat")


def test_rows_far_from_all_classes_are_set_aside(of_rows):
    _, _, classifier = of_rows
    strange = torch.tensor([[1000.0, 0, 0, 30], [1030.0, 0, 0, 0], [970.0, -20, 9, 9]])
    assert not classifier.accepts(classifier(strange).probs).any()


def test_pictures_are_named_rightly_and_rubbish_is_set_aside(of_stripes, rng):
    _, _, classifier = of_stripes
    images, labels = stripes(200, rng)
    probs = classifier(images[:, None] / 255).probs
    assert (probs[:, :-1].argmax(dim=1).numpy() == labels).mean() > 0.97
    assert classifier.accepts(probs).double().mean() > 0.9
    noise = torch.rand(200, 1, 10, 12, generator=rng)
    assert classifier.accepts(classifier(noise).probs).double().mean() < 0.1


def test_held_out_samples_are_a_third_of_each_class_and_never_learnt_from(of_rows):
    rows, _, classifier = of_rows
    held = classifier.about["held_out"]
    assert held["n"] == 150
    assert int(classifier.unseen(rows).sum()) == 150
    assert np.array(held["confusion"]).shape == (3, 3)
    assert held["kept"] == pytest.approx(0.99, abs=0.011)
    assert sum(map(sum, held["confusion"])) == round(held["kept"] * 150)


def test_a_copy_of_a_learnt_sample_is_no_held_out_one():
    rows, labels = clusters(150, torch.Generator().manual_seed(0))
    classifier = train_classifier(real=torch.cat([rows, rows]), labels=np.concatenate([labels, labels]), epochs=1)
    # Of each pair both or none are held out: a pair is spoilt by one learnt half.
    assert classifier.about["held_out"]["n"] == int(classifier.unseen(torch.cat([rows, rows])).sum())
    assert classifier.about["held_out"]["n"] < 60


def test_a_reference_leaves_out_what_was_learnt(of_stripes):
    images, labels, classifier = of_stripes
    with pytest.raises(ValueError, match=r"needs at least 200 real samples.*got 134"):
        Reference.fit(real=images, labels=labels, embedder=classifier)
    more, more_labels = stripes(100, torch.Generator().manual_seed(7))
    fitted = Reference.fit(
        real=torch.cat([images, more]), labels=np.concatenate([labels, more_labels]), embedder=classifier
    )
    assert fitted.n_real == 234
    assert fitted.modes == ("upright", "lying")


def test_one_seed_gives_one_classifier_and_leaves_the_global_numbers_alone():
    rows, labels = clusters(120, torch.Generator().manual_seed(0))
    before = torch.random.get_rng_state()
    first, again, other = (train_classifier(real=rows, labels=labels, epochs=1, seed=s) for s in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_bytes_and_floats_of_the_same_pictures_are_the_same_samples(of_stripes):
    images = of_stripes[0][:20, None]
    assert torch.equal(hashes(images / 255), hashes((images / 255).double()))
    assert len(hashes(images / 255).unique()) == 20


@pytest.mark.parametrize("kind", ["pictures", "rows"])
def test_folding_the_norms_changes_nothing(kind, rng):
    if kind == "pictures":
        network = LearningConv(convolutions=((2, 4, 3, 1), (4, 6, 3, 2)), height=9, width=7, features=5, classes=3)
        samples = torch.rand(64, 2, 9, 7, generator=rng)
    else:
        network = LearningRows(centre=torch.ones(3), scale=torch.full((3,), 2.0), hidden=(8, 6), features=5, classes=3)
        samples = torch.randn(64, 3, generator=rng)
    for _ in range(30):
        network(samples)  # the norms see some data
    network.eval()
    for mine, folded in zip(network(samples), network.folded()(samples), strict=True):
        torch.testing.assert_close(folded, mine, rtol=1e-4, atol=1e-5)


class TestLabels:
    def test_words_and_numbers_become_numbers_from_zero(self):
        numbers, names = classes_of(["b", "a", "b"], 3)
        assert (numbers.tolist(), names) == ([1, 0, 1], ("a", "b"))
        numbers, names = classes_of(torch.tensor([7.0, 3, 7]), 3)
        assert (numbers.tolist(), names) == ([1, 0, 1], ("3", "7"))

    def test_words_follow_the_order_of_given_names(self):
        numbers, names = classes_of(["b", "a"], 2, ("b", "a", "never"))
        assert (numbers.tolist(), names) == ([0, 1], ("b", "a", "never"))

    def test_the_split_takes_the_asked_share_of_each_class(self, rng):
        truth = torch.tensor([0] * 30 + [1] * 60)
        learnt = split(truth, 0.2, rng)
        assert [int(learnt[truth == k].sum()) for k in (0, 1)] == [24, 48]


ROWS = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": [0] * 60}, "two classes of 20 samples or more are needed, got 1 class"),
        ({"labels": ["a"] * 50 + ["b"] * 10}, r"got too few of b \(10\)"),
        ({"labels": [0] * 59}, r"one class for each of the 60 samples, got shape \(59,\)"),
        ({"labels": np.linspace(0, 1, 60)}, "whole numbers or words, got fractions"),
        ({"labels": ["x"] * 60, "names": ("a", "b")}, r"among \['a', 'b'\], got \['x'\]"),
        ({"labels": [5] * 60, "names": ("a", "b")}, "0 to 1, one for each of 2 names, got 5 to 5"),
        ({"real": torch.full((60, 3), torch.nan)}, "must be finite"),
        ({"real": torch.rand(60, 1, 5, 9)}, r"at least 8 x 8 are needed, got \(5, 9\)"),
        ({"held_out": 0.99}, "a share from 0.1 to 0.9, got 0.99"),
        ({"epochs": 0}, "1 or more, got 0"),
    ],
    ids=["one class", "few", "short", "fractions", "unknown", "high", "nan", "small", "held out", "epochs"],
)
def test_bad_input_is_explained(arguments, message):
    assert FEWEST_OF_A_CLASS == 20
    with pytest.raises(ValueError, match=message):
        train_classifier(**{"real": ROWS, "labels": np.arange(60) % 2, **arguments})


def test_what_is_trained_is_a_classifier_that_comes_back_from_its_file(of_rows, tmp_path):
    rows, _, classifier = of_rows
    classifier.save(tmp_path / "it.safetensors")
    back = TrainedClassifier.load(tmp_path / "it.safetensors")
    assert back.fingerprint == classifier.fingerprint
    assert back.about == classifier.about
    assert torch.equal(back(rows).features, classifier(rows).features)
    assert torch.equal(back.unseen(rows), classifier.unseen(rows))
