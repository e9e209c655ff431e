"""What every accumulator promises: any cut, any tree of merges, any pause; and that it changes nothing it is given."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from collapse_metrics.streaming import Counts, Mean, Moments, NearestToReference, Reservoir
from tests.streaming.conftest import cut, feed, merged_anyhow, same_states

REAL = torch.randn(25, 3, generator=torch.Generator().manual_seed(5))

HIGH_QUALITY = {
    "name": "high_quality_share",
    "columns": ("fake",),
    "fixed": {"centres": REAL[:4], "scales": torch.full((4,), 0.5)},
}

KINDS = {
    "counts": (lambda: Counts(4), lambda rng, n: torch.from_numpy(rng.integers(0, 4, size=n))),
    "moments": (Moments, lambda rng, n: torch.from_numpy(1000 + rng.normal(size=(n, 3)))),
    "unit-moments": (lambda: Moments(unit=True), lambda rng, n: torch.from_numpy(rng.normal(size=(n, 3)))),
    "mean": (lambda: Mean(**HIGH_QUALITY), lambda rng, n: torch.from_numpy(rng.normal(size=(n, 3))).float()),
    "nearest": (
        lambda: NearestToReference(REAL, k=3),
        lambda rng, n: torch.from_numpy(rng.normal(size=(n, 3))).float(),
    ),
    "reservoir": (lambda: Reservoir(6), lambda rng, n: torch.from_numpy(rng.normal(size=(n, 3)))),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def made(kind, seed, n):
    make, draw = KINDS[kind]
    rng = np.random.default_rng(seed)
    return make(), draw(rng, n), rng


def told(seen):
    """What is read from an accumulator, without the order in which it keeps it."""
    if isinstance(seen, Reservoir):
        return seen.sample["fake"]
    if isinstance(seen, Moments):
        return seen.second_moment if seen.unit else torch.cat([seen.mean[None], seen.second_moment, seen.covariance])
    return torch.cat([state.flatten() for state in seen.states.values()])


def alike(one, other):
    if isinstance(one, Moments):
        torch.testing.assert_close(told(one), told(other), rtol=1e-10, atol=1e-10)
        return one.n == other.n
    if isinstance(one, Mean):
        torch.testing.assert_close(told(one), told(other), rtol=1e-12, atol=1e-12)
        return one.n == other.n
    return one.n == other.n and torch.equal(told(one), told(other))


@every_kind
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40))
def test_the_cut_into_batches_does_not_matter(kind, seed, n):
    blank, rows, rng = made(kind, seed, n)
    assert alike(feed(blank, cut(rows, rng)), feed(blank, [rows]))


@every_kind
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40))
def test_any_tree_of_merges_gives_what_one_would_have_seen(kind, seed, n):
    blank, rows, rng = made(kind, seed, n)
    parts, before = [], blank
    for part in cut(rows, rng):
        seen = before.following()
        for batch in cut(part, rng):
            seen.update(batch)
        parts.append(seen)
        before = seen
    assert alike(merged_anyhow(parts, rng), feed(blank, [rows]))


@every_kind
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 30))
def test_a_blank_one_changes_nothing(kind, seed, n):
    blank, rows, _ = made(kind, seed, n)
    seen = feed(blank, [rows])
    assert same_states(seen.merge(seen.empty()), seen)
    assert same_states(seen.empty().merge(seen), seen)


@every_kind
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40))
def test_a_pause_changes_nothing(kind, seed, n):
    blank, rows, rng = made(kind, seed, n)
    half = int(rng.integers(0, n + 1))
    saved = feed(blank, [rows[:half]]).state_dict()
    file = io.BytesIO()
    torch.save(saved, file)
    file.seek(0)
    resumed, _, _ = made(kind, seed, 0)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    resumed.update(rows[half:])
    assert alike(resumed, feed(blank, [rows]))


@every_kind
def test_merging_changes_neither_of_the_two(kind):
    blank, rows, _ = made(kind, 1, 20)
    one = feed(blank, [rows[:12]])
    other = one.following()
    other.update(rows[12:])
    before = one.state_dict(), other.state_dict()
    both = one.merge(other)
    both.update(rows[:3])
    for seen, kept in zip((one, other), before, strict=True):
        assert all(seen.states[name].equal(state) for name, state in kept.items() if name != "settings")


@every_kind
def test_a_saved_state_does_not_move_with_the_stream(kind):
    blank, rows, _ = made(kind, 1, 20)
    seen = feed(blank, [rows[:12]])
    saved = seen.state_dict()
    kept = copy.deepcopy(saved)
    seen.update(rows[12:])
    assert all(saved[name].equal(kept[name]) for name in kept)
    resumed = blank.empty()
    resumed.load_state_dict(saved)
    resumed.update(rows[12:])
    assert all(saved[name].equal(kept[name]) for name in kept)
    resumed.load_state_dict(saved)
    for state in (*saved.values(), *resumed.state_dict().values()):
        state.zero_()
    assert all(resumed.state_dict()[name].equal(kept[name]) for name in kept)


@every_kind
def test_a_batch_is_left_as_it_is_and_not_held(kind):
    blank, rows, _ = made(kind, 1, 20)
    before = rows.clone()
    seen = feed(blank, [rows])
    assert rows.equal(before)
    kept = seen.state_dict()
    rows.zero_()
    assert all(seen.state_dict()[name].equal(kept[name]) for name in kept)


@every_kind
def test_a_blank_twin_has_seen_nothing(kind):
    blank, rows, _ = made(kind, 1, 20)
    seen = feed(blank, [rows])
    assert (blank.n, seen.n, seen.empty().n) == (0, 20, 0)
    for twin in (seen.twin(), seen.on_rank(1)):
        twin.update(rows[:5])
        assert (seen.n, twin.n) == (20, 25)


@every_kind
def test_copies_and_pickles_go_on_alone(kind):
    blank, rows, _ = made(kind, 1, 20)
    seen = feed(blank, [rows[:12]])
    for twin in (copy.deepcopy(seen), pickle.loads(pickle.dumps(seen))):
        twin.update(rows[12:])
        assert alike(twin, feed(blank, [rows]))
        assert seen.n == 12


@every_kind
def test_works_where_gradients_and_versions_are_off(kind):
    blank, rows, _ = made(kind, 1, 20)
    with torch.inference_mode():
        seen = feed(blank, [rows[:12]])
    learnt = rows[12:].requires_grad_() if rows.is_floating_point() else rows[12:]
    seen.update(learnt)
    assert alike(seen, feed(blank, [rows.detach()]))
    assert not any(state.requires_grad for state in seen.state_dict().values())


@every_kind
def test_uses_no_chance_of_the_training(kind):
    blank, rows, _ = made(kind, 1, 20)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002  (the training's own)
    feed(blank, [rows])
    assert before[0].equal(torch.get_rng_state())
    assert before[1] == np.random.get_state()[1].tolist()  # noqa: NPY002


@every_kind
def test_arrays_are_taken_as_tensors_are(kind):
    blank, rows, _ = made(kind, 1, 20)
    assert alike(feed(blank, [rows.numpy()]), feed(blank, [rows]))


@every_kind
def test_nothing_seen_is_no_number(kind):
    blank, _, _ = made(kind, 1, 0)
    name = {"counts": "mode_coverage", "mean": "high_quality_share", "nearest": "coverage", "reservoir": "recall"}.get(
        kind
    )
    if name:
        with pytest.raises(ValueError, match="a number needs samples, got none yet"):
            blank.result(name)


OTHERS = {
    "counts": lambda: Counts(5),
    "moments": lambda: Moments(unit=True),
    "unit-moments": Moments,
    "mean": lambda: Mean("accepted_share", columns=("accepted",)),
    "nearest": lambda: NearestToReference(REAL, k=4),
    "reservoir": lambda: Reservoir(6, seed=1),
}


@every_kind
@pytest.mark.bad_input
def test_strangers_are_not_merged_and_their_states_not_loaded(kind):
    blank, stranger = KINDS[kind][0](), OTHERS[kind]()
    with pytest.raises(ValueError, match="one kind, one reference and one set of options to be merged"):
        blank.merge(stranger)
    with pytest.raises(ValueError, match="same reference and options, got another"):
        blank.load_state_dict(stranger.state_dict())
    with pytest.raises(ValueError, match=r"a state with \['.*'\] is needed, got \['n'\]"):
        blank.load_state_dict({"n": torch.tensor(1)})


@pytest.mark.bad_input
def test_another_reference_is_a_stranger():
    one = NearestToReference(REAL)
    for real in (REAL + 1, REAL.double(), REAL[:-1]):
        with pytest.raises(ValueError, match="to be merged"):
            one.merge(NearestToReference(real))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "counts"])
@pytest.mark.bad_input
def test_a_bad_batch_is_refused_and_leaves_no_trace(kind):
    blank, rows, _ = made(kind, 1, 20)
    seen = feed(blank, [rows])
    kept = seen.state_dict()
    bad = rows.clone()
    bad[3, 1] = torch.nan
    with pytest.raises(ValueError, match="`fake` has NaN or infinity in 1 of 20 rows"):
        seen.update(bad)
    with pytest.raises(ValueError, match=r"one dimension|features of those before|shape \(3,\) of those before"):
        seen.update(rows[:, :2])
    assert all(seen.state_dict()[name].equal(kept[name]) for name in kept)
