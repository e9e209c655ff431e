"""Reservoir: uniform, whatever the cut, the merges and the lengths of the streams."""

import numpy as np
import pytest
import torch
from scipy import stats

from collapse_metrics.metrics import neighbour_ratio, recall
from collapse_metrics.streaming import Reservoir
from tests.streaming.conftest import feed


def kept(seen):
    return seen.sample["fake"].flatten().long().tolist()


def line(n):
    return torch.arange(float(n))[:, None]


def test_keeps_everything_while_there_is_room():
    seen = feed(Reservoir(10), line(7).split(3))
    assert kept(seen) == list(range(7))
    assert seen.whole
    seen.update(line(4))
    assert not seen.whole
    assert len(kept(seen)) == 10


def test_every_row_is_as_likely_as_every_other():
    # Fails with probability 1e-6: chi-square over 40 rows, 1000 seeds.
    seen = np.zeros(40)
    for seed in range(1000):
        seen[kept(feed(Reservoir(5, seed=seed), [line(40)]))] += 1
    expected = 1000 * 5 / 40
    # Rows of one sample exclude each other, so that squares are smaller than the chi-square's by 1 - 5 / 40.
    squares = ((seen - expected) ** 2).sum() / expected / (1 - 5 / 40) * 39 / 40
    assert stats.chi2.sf(squares, 39) > 1e-6
    assert stats.chi2.cdf(squares, 39) > 1e-6


def test_every_pair_is_as_likely_as_every_other_in_a_merge_of_unequal_streams():
    # Three rows of one stream and nine of another: a pair is kept with probability 3*2 / (12*11), whatever it is.
    # Each of the counts fails with probability below 1e-6 (binomial), together below 1e-4.
    together = np.zeros((12, 12))
    seeds = 600
    for seed in range(seeds):
        short = feed(Reservoir(3, seed=seed, stream=0), [line(3)])
        long = feed(Reservoir(3, seed=seed, stream=1), [3 + line(9)])
        chosen = kept(short.merge(long))
        together[np.ix_(chosen, chosen)] += 1
    low, high = stats.binom.ppf([5e-7, 1 - 5e-7], seeds, 3 * 2 / (12 * 11))
    pairs = together[~np.eye(12, dtype=bool)]
    assert low <= pairs.min()
    assert pairs.max() <= high
    low, high = stats.binom.ppf([5e-7, 1 - 5e-7], seeds, 3 / 12)
    assert low <= together.diagonal().min()
    assert together.diagonal().max() <= high


def test_streams_and_seeds_choose_differently():
    chosen = {
        tuple(kept(feed(Reservoir(5, seed=seed, stream=stream), [line(1000)])))
        for seed in range(4)
        for stream in range(4)
    }
    assert len(chosen) == 16


def test_copies_are_drawn_one_by_one():
    # Keys of equal rows are not equal: half of a stream of two pictures is one, half the other.
    rows = torch.tensor([[0.0], [1.0]]).repeat(500, 1)
    share = feed(Reservoir(400), rows.split(33)).sample["fake"].mean().item()
    assert share == pytest.approx(0.5, abs=0.12)  # five standard deviations


def test_parts_of_one_stream_give_the_sample_of_the_whole():
    whole = feed(Reservoir(6, seed=2), [line(50)])
    first = feed(Reservoir(6, seed=2), [line(20)])
    second = feed(Reservoir(6, seed=2, start=20), [line(50)[20:]])
    assert kept(first.merge(second)) == kept(second.merge(first)) == kept(whole)


@pytest.mark.parametrize("stream", [0, 3])
@pytest.mark.bad_input
def test_two_sources_must_not_number_their_rows_alike(stream):
    one, other = (feed(Reservoir(6, stream=stream), [line(20)]) for _ in range(2))
    with pytest.raises(ValueError, match="must not have numbered their rows alike"):
        one.merge(other)


def test_columns_stay_together():
    seen = Reservoir(20, columns=("fake", "fake_modes"))
    rows = line(300)
    for batch in rows.split(37):
        seen.update(batch, batch[:, 0].long() % 7)
    sample = seen.sample
    assert sample["fake_modes"].tolist() == [row % 7 for row in kept(seen)]
    assert sample["fake_modes"].dtype == torch.long


def test_rows_keep_their_kind():
    pictures = torch.randint(0, 256, (50, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    seen = Reservoir(8, columns=("pictures",))
    for batch in pictures.split(9):
        seen.update(pictures=batch)
    assert (seen.sample["pictures"].dtype, seen.sample["pictures"].shape) == (torch.uint8, (8, 1, 4, 4))


def test_gives_the_metric_of_the_sample(rng):
    real, fake = torch.randn(60, 3, generator=rng), torch.randn(80, 3, generator=rng)
    seen = feed(Reservoir(30, fixed={"real": real}), fake.split(11))
    assert seen.result("recall", k=3) == recall(real=real, fake=seen.sample["fake"], k=3)
    assert feed(Reservoir(80, fixed={"real": real}), fake.split(11)).result("recall") == recall(real=real, fake=fake)


@pytest.mark.parametrize(("fresh", "fake"), [(20, 50), (50, 20), (40, 90)])
def test_as_many_fresh_rows_are_laid_beside_it_as_there_are(fresh, fake, rng):
    real, rows = torch.randn(fresh, 3, generator=rng), torch.randn(fake, 3, generator=rng)
    seen = feed(Reservoir(30, fixed={"fresh": real}), rows.split(7))
    least = min(fresh, fake, 30)
    smaller = feed(Reservoir(least), rows.split(7)).sample["fake"]
    assert seen.result("neighbour_ratio") == neighbour_ratio(fresh=real[:least], fake=smaller)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 0}, "needs a size and a column at least"),
        ({"seed": -1}, "no negative number, got .* seed=-1"),
        ({"columns": ()}, "needs a size and a column at least"),
    ],
)
@pytest.mark.bad_input
def test_bad_settings_are_explained(settings, message):
    with pytest.raises(ValueError, match=message):
        Reservoir(**settings)


@pytest.mark.bad_input
def test_bad_batches_are_explained():
    seen = Reservoir(5, columns=("fake", "fake_modes"))
    with pytest.raises(ValueError, match="one batch each of fake, fake_modes is needed, got 1"):
        seen.update(line(3))
    with pytest.raises(ValueError, match="one batch each of fake, fake_modes is needed, got 3"):
        seen.update(line(3), line(3), fake=line(3))
    with pytest.raises(ValueError, match=r"one row a sample in every column, got \{'fake': 3, 'fake_modes': 2\}"):
        seen.update(line(3), torch.zeros(2))
