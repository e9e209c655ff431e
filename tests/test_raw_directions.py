"""Along how many directions do all samples vary? Low rank, where most samples are not like the data."""

import math
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from collapse_metrics.measurements import FEWEST_ROWS, measure
from collapse_metrics.metrics.participation_ratio import SOME_ROWS, directions_of, participation_ratio
from collapse_metrics.reference import Reference

DIM = 20


def found(fake, reference):
    measured, _ = measure(fake, reference, value_range=None, step=3, seed=0)
    return {m.name: m for m in measured}.get("raw_directions")


@pytest.fixture(scope="module")
def reference():
    return Reference.fit(real=torch.randn(1200, DIM, generator=torch.Generator().manual_seed(1)))


def test_samples_of_a_quarter_of_the_directions_score_a_quarter(reference, rng):
    flat = torch.cat([torch.randn(600, 5, generator=rng), torch.zeros(600, 15)], dim=1)
    seen = found(flat, reference)
    assert seen.low < 0.25 < seen.high
    assert seen.n_fake == SOME_ROWS
    assert seen.step == 3
    whole = found(torch.randn(600, DIM, generator=rng), reference)
    assert abs(math.log(whole.value)) < 2 * math.log(whole.expected[1])  # four standard errors: once in 16,000 draws


def test_the_unit_is_that_of_real_rows_and_their_error_comes_in(reference, rng):
    fake = torch.randn(300, DIM, generator=rng)
    value, error = directions_of(fake)
    assert value == participation_ratio(fake=fake)
    seen = found(fake, replace(reference, raw_directions=2 * value, raw_directions_error=0.3))
    assert seen.value == pytest.approx(0.5)
    half = 1.959964 * math.hypot(error, 0.3)
    assert seen.expected == pytest.approx((math.exp(-half), math.exp(half)))
    assert seen.high / seen.value == pytest.approx(math.exp(1.959964 * error))


def test_equal_samples_have_no_direction(reference):
    seen = found(torch.ones(100, DIM), reference)
    assert (seen.value, seen.low, seen.high) == (0, 0, 0)


@pytest.mark.parametrize(("rows", "there"), [(FEWEST_ROWS - 1, False), (FEWEST_ROWS, True)])
def test_a_few_samples_say_nothing(reference, rows, there, rng):
    assert (found(torch.randn(rows, DIM, generator=rng), reference) is not None) == there


def test_a_file_of_an_earlier_version_still_judges(reference, tmp_path, rng):
    path, old, fake = tmp_path / "new.safetensors", tmp_path / "old.safetensors", torch.randn(300, DIM, generator=rng)
    reference.save(path)
    again = Reference.load(path)
    assert found(fake, again) == found(fake, reference)
    with safe_open(path, framework="pt") as file:
        about = file.metadata()["collapse_metrics"]
    kept = ", ".join(part for part in about.strip("{}").split(", ") if "raw_directions" not in part)
    assert kept != about.strip("{}")
    save_file(load_file(path), old, metadata={"collapse_metrics": "{" + kept + "}"})
    before = Reference.load(old)
    assert before.raw_directions is None
    assert found(fake, before) is None
    names = {m.name for m in measure(fake, before, value_range=None, step=None, seed=0)[0]}
    assert {"raw_diversity", "neighbour_ratio"} <= names
