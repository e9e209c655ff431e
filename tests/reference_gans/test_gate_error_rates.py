"""The study of the gate: what is planted is what was asked for, sides are disjoint, and the page is written."""

import json

import numpy as np
import pytest
import torch

from collapse_metrics.gate.values import repeats_of
from collapse_metrics.tally import tally
from reference_gans.studies import gate_error_rates as study
from reference_gans.studies._gate_pools import Pool, copied, pair, pool_of, thinned, twinned, untouched


@pytest.fixture(scope="module")
def pool():
    """20,000 samples of the mixture."""
    whole = pool_of("mixtures", None)
    return Pool(whole.reference, whole.seen[torch.arange(20_000)])


@pytest.fixture
def free(pool):
    return torch.randperm(len(pool), generator=torch.Generator().manual_seed(1))


def test_the_rarest_mode_loses_the_share_that_was_asked_for(pool, free, rng):
    counts = torch.bincount(pool.seen.called)
    mode, share = int(counts.argmin()), float(counts.min() / counts.sum())
    rows = thinned(pool, free, 15_000, 0.5, rng)
    # 15,000 samples tell a share of 3 % to 0.0014; five times that is 3e-7 unlikely.
    assert (pool.seen.called[rows] == mode).double().mean().item() == pytest.approx(share / 2, abs=0.007)
    assert len(rows.unique()) == 15_000


def test_copies_and_twins_are_as_many_as_asked_for(pool, free, rng):
    rows = copied(pool, free, 4000, 0.1, rng)
    assert len(rows.unique()) == 3600
    twins = tally(pool.seen[twinned(pool, free, 4000, 0.2, rng)], pool.reference)
    assert repeats_of(twins, 4000).number == pytest.approx(0.2, abs=0.05)


def test_modes_shrink_about_their_own_means(pool):
    before = tally(pool.seen, pool.reference)
    now = tally(pool.shrunken(0.15).seen, pool.reference)
    ratios = [(b[0] / a[0]) ** 0.5 for a, b in zip(before.spreads, now.spreads, strict=True)]
    assert np.allclose(ratios, 0.85, atol=0.02)  # samples that are not accepted shrink too, but are not counted
    assert now.counts == before.counts


def test_no_sample_is_on_both_sides(pool):
    """Each sample is copied into the other side in vain: the two together have no group of copies."""
    seen = {}

    def note(pool, free, n, much, rng):
        seen["free"] = free
        return untouched(pool, free, n, much, rng)

    before, now = pair(pool, pool, 5000, note, 0.0, (1, 2))
    assert before.n == now.n == 5000
    assert len(seen["free"]) == len(pool) - 5000
    assert pair(pool, pool, 5000, untouched, 0.0, (1, 2))[0] == before  # the seed decides


def test_the_study_runs_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "SIZES", (500, 2000))
    monkeypatch.setattr(study, "FORESEEN", 2)
    study.main(quick=True, out=tmp_path)
    page = (tmp_path / "gate_error_rates.md").read_text()
    assert page.count("| mixtures |") == 2 + 2 + 3 + 3
    stored = json.loads((tmp_path / "gate_error_rates.json").read_text())
    assert all(run["steps"] == 3 for run in stored.values())
    before = (tmp_path / "gate_error_rates.json").read_text()
    study.main(quick=True, out=tmp_path)
    assert (tmp_path / "gate_error_rates.json").read_text() == before
