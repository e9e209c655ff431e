"""AdaGAN: weights against a brute-force solution, shares of the mixture by exact odds, the loop by seed."""

from dataclasses import dataclass, replace

import pytest
import torch
from scipy.optimize import brentq
from scipy.stats import binom
from torch import nn

from reference_gans.adagan import Mixture, Weighted, adagan, missed_weights, mixture_to_data
from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import train

RING = replace(RECIPES["ring8_healthy"], batch=16, steps=4)


@pytest.mark.parametrize("beta", [0.05, 0.3, 0.5, 1.0])
def test_weights_are_the_brute_force_solution(beta, rng):
    ratios = 3 * torch.rand(50, generator=rng, dtype=torch.float64) ** 2

    def weights(level):
        return (level - (1 - beta) * ratios).clamp(min=0) / (50 * beta)

    level = brentq(lambda level: weights(level).sum().item() - 1, 0, 100, xtol=1e-13)
    found = missed_weights(ratios, beta)
    assert torch.allclose(found, weights(level), atol=1e-10)
    assert found.sum().item() == pytest.approx(1)


def test_a_perfect_mixture_leaves_even_weights():
    assert torch.allclose(missed_weights(torch.ones(10), beta=0.25), torch.full((10,), 0.1, dtype=torch.float64))


def test_a_mixture_that_misses_half_of_the_data_sends_the_newcomer_there():
    # Four samples at ratio 2, four at 0, half the work: 0.5 * (2 * 4 + 0) / 8 + 0.5 * w = 1 needs w = (0, 2).
    ratios = torch.tensor([2.0] * 4 + [0.0] * 4)
    assert missed_weights(ratios, beta=0.5).tolist() == pytest.approx([0.0] * 4 + [0.25] * 4)
    # A newcomer with three quarters of the work has to make some of the rest too: level 0.75 + 0.25 * 1 = 1.
    assert missed_weights(ratios, beta=0.75).tolist() == pytest.approx([1 / 12] * 4 + [1 / 6] * 4)


def test_weights_of_impossible_input_are_explained():
    with pytest.raises(ValueError, match=r"must lie in \(0, 1\], got 0"):
        missed_weights(torch.ones(3), beta=0)
    with pytest.raises(ValueError, match="must be finite and not negative"):
        missed_weights(torch.tensor([1.0, float("inf")]), beta=0.5)


def test_samples_are_drawn_by_their_weights(rng):
    data = Weighted(torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([0.25, 0.0, 0.75]))
    n = 10_000
    drawn = data.batch(n, rng).flatten()
    assert (drawn != 1).all()
    # Outside these two counts a right share falls with probability below 1e-4.
    assert binom.ppf(4e-5, n, 0.75) <= int((drawn == 2).sum()) <= binom.isf(4e-5, n, 0.75)


class Says(nn.Module):
    """A generator that always makes the same number."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def forward(self, z):
        return torch.full((len(z), 1), self.number) + 0 * z[:, :1]


def test_generators_of_a_mixture_draw_their_shares(rng):
    mixture = Mixture([Says(0.0), Says(1.0)], [0.5, 0.5], latent=2).joined_by(Says(2.0), share=0.2)
    n, shares = 20_000, [0.4, 0.4, 0.2]
    drawn = mixture(torch.randn(n, mixture.latent, generator=rng)).flatten()
    for number, share in enumerate(shares):  # three counts, each wrongly refused with probability below 3e-5
        assert binom.ppf(1e-5, n, share) <= int((drawn == number).sum()) <= binom.isf(1e-5, n, share)


def test_a_mixture_keeps_the_order_of_its_noise(rng):
    mixture = Mixture([nn.Identity(), nn.Identity()], [0.3, 0.7], latent=2)
    z = torch.randn(50, 3, generator=rng)
    assert torch.equal(mixture(z), z[:, 1:])
    assert torch.equal(mixture.chosen(z) == 0, torch.special.ndtr(z[:, 0]) < 0.3)
    with pytest.raises(ValueError, match="needs a share"):
        Mixture([nn.Identity()], [0.5], latent=1)


@dataclass
class TwoPoints:
    real: torch.Tensor


def test_the_judge_sees_what_is_missed_and_what_is_made_too_often():
    data, mixture = TwoPoints(torch.tensor([[-1.0, 0.0], [1.0, 0.0]]).repeat(8, 1)), Mixture([Point()], [1.0], latent=2)
    judge = build(replace(RING, batch=64), 0)
    ratios = mixture_to_data(data, mixture, judge, steps=150, lr=5e-3)
    # Half of the data and all of the mixture lie at +1: the ratio is 2 there, and 0 at -1.
    assert ratios[1::2].tolist() == pytest.approx([2.0] * 8, rel=0.25)
    assert ratios[::2].max() < 0.1


class Point(nn.Module):
    """A generator that always makes the point (1, 0)."""

    def forward(self, z):
        return torch.tensor([[1.0, 0.0]]).expand(len(z), 2)


def test_the_loop_around_the_loop_depends_on_the_seed_alone(rng):
    z, steps = torch.randn(20, 3, generator=rng), []
    first, again, other = (
        adagan(RING, rounds=3, seed=s, judge_steps=3, observers=[lambda run: steps.append(run.step)]) for s in (0, 0, 1)
    )
    assert steps == [1, 2, 3, 4] * 9
    assert first.shares.tolist() == pytest.approx([1 / 3] * 3)
    assert torch.equal(first(z), again(z))
    assert not torch.equal(first(z), other(z))


def test_one_round_is_the_recipe_itself(rng):
    z = torch.randn(20, 3, generator=rng)
    mixture = adagan(RING, rounds=1, seed=5)
    seed = int(torch.randint(2**31, (1,), generator=torch.Generator().manual_seed(5)))
    assert torch.equal(mixture(z), train(build(RING, seed)).generator(z[:, 1:]))
    with pytest.raises(ValueError, match="at least 1, got 0"):
        adagan(RING, rounds=0)
