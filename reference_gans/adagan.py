r"""AdaGAN: what if each new generator is trained on what the mixture of those before it misses?

A loop around the loop, after Tolstikhin et al. 2017, https://arxiv.org/abs/1701.02386. In round ``t``

1. a discriminator learns to tell the data from the mixture so far, and says for each real sample how much
   too often the mixture makes the like of it, :math:`d_i = p_{mixture}(x_i) / p_{data}(x_i) = (1 - D) / D`;
2. real samples get the weights :math:`w_i = \frac{1}{N \beta} (\lambda^* - (1 - \beta)\,d_i)_+`, which sum to 1;
3. a new GAN is trained on samples drawn with these weights, and joins the mixture with the share
   :math:`\beta = 1 / t`, so that all generators end with equal shares.

How to read it: a sample's weight times ``N`` is 1 everywhere if the mixture is right, 0 where it makes far too
many of a kind, and at most ``1 / beta`` where it makes none (as long as the ratios have the mean 1).

Known traps: ratios are only as good as the discriminator that gives them, and one that is trained too long on
few samples learns them by heart: all ratios then go to 0, and the weights become even. Time is that of all
rounds. Generators are kept as they are used, in ``eval`` mode: batch norm then uses its running statistics.
A mixture has seams: it does not interpolate from one generator to another.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from reference_gans.data import Data
from reference_gans.objectives import NON_SATURATING
from reference_gans.recipes import Recipe, build
from reference_gans.trainer import Run, train

LARGEST_LOGIT = 30.0
"""Beyond it a ratio is taken as it is there: e**30 or e**-30 is much or little enough."""


@dataclass(frozen=True)
class Weighted:
    """Real samples of which some are drawn more often than others."""

    real: Tensor
    weights: Tensor

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` samples, drawn with replacement."""
        return self.real[torch.multinomial(self.weights, n, replacement=True, generator=rng)]


class Mixture(nn.Module):
    """Several generators that share the work; the first number of the noise chooses among them.

    That number is N(0, 1) like the others, so a mixture is a generator with one dimension of noise more.
    """

    def __init__(self, generators: Iterable[nn.Module], shares: Iterable[float], latent: int) -> None:
        super().__init__()
        self.generators = nn.ModuleList(deepcopy(g).requires_grad_(False).eval() for g in generators)
        self.shares: Tensor
        self.register_buffer("shares", torch.tensor(list(shares), dtype=torch.float64))
        self.latent = latent + 1
        if len(self.shares) != len(self.generators) or abs(self.shares.sum().item() - 1) > 1e-9:
            raise ValueError(f"each generator needs a share, and these sum to 1; got {self.shares.tolist()}.")

    def chosen(self, z: Tensor) -> Tensor:
        """Which generator draws each sample."""
        place = torch.special.ndtr(z[:, 0].double())
        return torch.bucketize(place, self.shares.cumsum(0)[:-1], right=True)

    def forward(self, z: Tensor) -> Tensor:
        """Samples of ``(n, latent)`` noise, in its order."""
        chosen = self.chosen(z)
        rows = [(chosen == i).nonzero().flatten() for i in range(len(self.generators))]
        drawn = [g(z[r, 1:]) for g, r in zip(self.generators, rows, strict=True) if len(r)]
        return torch.cat(drawn)[torch.cat(rows).argsort()]

    def joined_by(self, generator: nn.Module, share: float) -> "Mixture":
        """A new mixture, in which ``generator`` has ``share`` and the others divide the rest as before."""
        others = [(1 - share) * old for old in self.shares.tolist()]
        return Mixture([*self.generators, generator], [*others, share], self.latent - 1)


def adagan(
    recipe: Recipe,
    *,
    rounds: int = 10,
    seed: int = 0,
    judge_steps: int = 500,
    judge_lr: float = 1e-3,
    data_root: Path | None = None,
    observers: Iterable[Callable[[Run], None]] = (),
) -> Mixture:
    """Train so many generators of one recipe, each on what those before it miss.

    Args:
        recipe: Of each round; its data are weighed sample by sample, so ``data.real`` is what is learnt.
        rounds: Generators in the end.
        seed: Of everything.
        judge_steps: Steps of the discriminator that measures what is missed.
        judge_lr: Adam's rate for it.
        data_root: As in ``build``.
        observers: Called after every step of every round, as in ``train``.

    Returns:
        The mixture of all generators, with equal shares.
    """
    chance, observers = torch.Generator().manual_seed(seed), tuple(observers)
    mixture: Mixture | None = None
    for turn in range(1, rounds + 1):
        run = build(recipe, int(torch.randint(2**31, (1,), generator=chance)), data_root)
        if mixture is None:
            train(run, observers=observers)
            mixture = Mixture([run.judged], [1.0], run.latent)
            continue
        judge = build(recipe, int(torch.randint(2**31, (1,), generator=chance)), data_root)
        ratios = mixture_to_data(run.data, mixture, judge, steps=judge_steps, lr=judge_lr)
        run.data = Weighted(run.data.real, missed_weights(ratios, beta=1 / turn))
        train(run, observers=observers)
        mixture = mixture.joined_by(run.judged, share=1 / turn)
    if mixture is None:
        raise ValueError(f"`rounds` counts generators and must be at least 1, got {rounds}.")
    return mixture


def missed_weights(ratios: Tensor, beta: float) -> Tensor:
    r"""The best weights of real samples for a newcomer with the share ``beta``.

    With the ratios in rising order and the k smallest of them in play, the weights sum to 1 for
    :math:`\lambda_k = \frac{N}{k} \beta + \frac{1 - \beta}{k} \sum_{i \le k} d_i`; the right ``k`` is the
    largest one whose own sample still has a positive weight.

    Args:
        ratios: :math:`d_i`, the mixture's density over the data's at each real sample.
        beta: Share of the newcomer, above 0 and up to 1.
    """
    if not 0 < beta <= 1:
        raise ValueError(f"`beta` is a share and must lie in (0, 1], got {beta}.")
    if not (torch.isfinite(ratios) & (ratios >= 0)).all():
        raise ValueError("`ratios` must be finite and not negative: the discriminator that gave them has diverged.")
    rising = ratios.double().sort().values
    count = torch.arange(1, len(rising) + 1)
    levels = (len(rising) * beta + (1 - beta) * rising.cumsum(0)) / count
    in_play = int((levels > (1 - beta) * rising).sum())
    weights = (levels[in_play - 1] - (1 - beta) * ratios.double()).clamp(min=0)
    return weights / weights.sum()


def mixture_to_data(data: Data, mixture: Mixture, judge: Run, *, steps: int, lr: float) -> Tensor:
    """Density of the mixture over that of the data, at each of ``data.real``, as a fresh discriminator sees it.

    ``judge`` is a run that is not trained itself: its discriminator, batch size and chance are used. One logit a
    sample is needed, so a recipe for this has no ``PacGan``.
    """
    real, d = data.real, judge.discriminator
    optimizer = torch.optim.Adam(d.parameters(), lr=lr)
    even = Weighted(real, torch.ones(len(real)))
    for _ in range(steps):
        batch = even.batch(judge.batch, judge.rng)
        with torch.no_grad():
            fake = mixture(torch.randn(judge.batch, mixture.latent, generator=judge.rng))
        loss = NON_SATURATING.d_loss(d(batch), d(fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits: Tensor = d(real)
    if logits.numel() != len(real):
        raise ValueError(f"one logit a sample is needed, got {logits.numel()} for {len(real)}: leave PacGan out.")
    return (-logits.double().flatten().clamp(-LARGEST_LOGIT, LARGEST_LOGIT)).exp()
