import json

import numpy as np
import pytest
import torch

import collapse_metrics as cm
from collapse_metrics.checkpoints import save_bundle
from collapse_metrics.checkpoints.compare import compare_samples
from collapse_metrics.checkpoints.contrasts import Outcome
from collapse_metrics.checkpoints.pairs import compare_sources
from reference_gans.data import Ring
from reference_gans.fixtures.sliding import Sliding, real_ring

MODEL = "reference_gans.fixtures.sliding:Sliding"


@pytest.fixture(scope="module")
def ring():
    return cm.Reference.fit(real=real_ring(600), modes=Ring().centres, name="ring")


def samples(*, reach=1.0, shift=0.0, noise=0.0, seed=1, n=600):
    z = torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))
    generator = Sliding()
    with torch.no_grad():
        generator.reach *= reach
        generator.centres += shift
        out = generator(z)
        return out + noise * torch.randn(out.shape, generator=torch.Generator().manual_seed(seed + 1))


def test_one_and_the_same_generator_differs_in_nothing(ring):
    found = compare_samples(first=samples(), second=samples(), reference=ring)
    assert found.outcome is Outcome.NO_DIFFERENCE_SHOWN
    assert [contrast.difference for contrast in found.contrasts] == [0.0] * 6
    assert all(contrast.p_value == 1.0 for contrast in found.contrasts)


def test_lost_modes_are_worse_and_the_other_way_round_better(ring):
    forth = compare_samples(first=samples(), second=samples(reach=0.6), reference=ring)
    back = compare_samples(first=samples(reach=0.6), second=samples(), reference=ring)
    assert (forth.outcome, back.outcome) == (Outcome.WORSE, Outcome.BETTER)
    for name in ("coverage", "mode_imbalance", "pairwise_diversity"):
        assert (forth[name].outcome, back[name].outcome) == (Outcome.WORSE, Outcome.BETTER), name
        assert forth[name].difference == pytest.approx(-back[name].difference)
    assert forth["accepted_share"].outcome is Outcome.NO_DIFFERENCE_SHOWN


def test_noise_is_worse_by_distance_and_share(ring):
    found = compare_samples(first=samples(), second=samples(noise=0.06), reference=ring)
    assert found["accepted_share"].outcome is Outcome.WORSE
    assert found["real_distance"].outcome is Outcome.WORSE
    assert found["accepted_share"].test == "McNemar, exact"


def test_samples_nearer_to_the_data_than_new_data_are_not_better(ring):
    """All on the centres: their distance to real samples is smaller, and that is not what real samples do."""
    found = compare_samples(first=samples(), second=ring.centres[torch.cdist(samples(), ring.centres).argmin(dim=1)], reference=ring)
    assert found["real_distance"].second < found["real_distance"].first
    assert found["real_distance"].outcome is Outcome.WORSE


def test_a_difference_that_nobody_would_see_does_not_matter(ring):
    second = samples() * 1.001
    found = compare_samples(first=samples(), second=second, reference=ring)
    assert found["pairwise_diversity"].adjusted < 0.001
    assert found["pairwise_diversity"].outcome is Outcome.TOO_SMALL_TO_MATTER
    assert found.outcome is Outcome.NO_DIFFERENCE_SHOWN
    strict = compare_samples(first=samples(), second=second, reference=ring, margin=0.0)
    assert strict["pairwise_diversity"].outcome is not Outcome.TOO_SMALL_TO_MATTER


def test_some_ways_better_and_some_worse_is_mixed(ring):
    found = compare_samples(first=samples(reach=0.6), second=samples(noise=0.06), reference=ring)
    assert found.outcome is Outcome.MIXED


def test_pairs_are_sharper_than_strangers(ring):
    paired = compare_samples(first=samples(), second=samples(shift=0.002), reference=ring)
    strangers = compare_samples(first=samples(), second=samples(shift=0.002, seed=5), reference=ring)
    for name in ("mode_imbalance", "pairwise_diversity", "real_distance"):
        assert paired[name].detectable < 0.6 * strangers[name].detectable, name


def test_two_draws_of_one_generator_are_hardly_ever_called_different(ring):
    """30 comparisons at a level of 5 % over all measures: 10 or more false calls have probability below 1e-5."""
    calls = [
        compare_samples(
            first=samples(seed=10 + i, n=150), second=samples(seed=100 + i, n=150), reference=ring, margin=0.0
        )
        for i in range(30)
    ]
    assert sum(found.outcome is not Outcome.NO_DIFFERENCE_SHOWN for found in calls) <= 9


def test_what_cannot_be_compared_is_refused(ring):
    with pytest.raises(ValueError, match="100 pairs"):
        compare_samples(first=samples(n=50), second=samples(n=50), reference=ring)
    with pytest.raises(ValueError, match="got 600 and 500"):
        compare_samples(first=samples(), second=samples(n=500), reference=ring)
    broken = samples()
    broken[3] = torch.nan
    with pytest.raises(ValueError, match="the second generator made 1"):
        compare_samples(first=samples(), second=broken, reference=ring)


@pytest.fixture(scope="module")
def files(tmp_path_factory, ring):
    folder = tmp_path_factory.mktemp("files")
    ring.save(folder / "ring.safetensors")
    for name, reach in (("good", 1.0), ("bad", 0.6)):
        generator = Sliding()
        with torch.no_grad():
            generator.reach *= reach
        torch.save(generator.state_dict(), folder / f"{name}.pth")
        save_bundle(generator, folder / name, model=MODEL, latent=3)
    np.save(folder / "samples.npy", samples(n=900).numpy())
    return folder


def test_two_checkpoints_are_given_the_same_latents(files, ring):
    how = {"model": MODEL}
    found = compare_sources(first=files / "good.pth", second=files / "good", how_first=how, reference=ring, n=300)
    assert all(contrast.difference == 0 for contrast in found.contrasts)  # the same weights in two forms
    worse = compare_sources(first=files / "good.pth", second=files / "bad.pth", how_first=how, reference=ring, n=300)
    assert worse.outcome is Outcome.WORSE
    assert worse.provenance["n_pairs"] == 300
    assert worse.provenance["first"]["sha256"] != worse.provenance["second"]["sha256"]
    assert json.loads(json.dumps(worse.to_dict()))["outcome"] == "worse"


def test_samples_are_paired_row_by_row_and_it_is_said(files, ring):
    found = compare_sources(first=files / "samples.npy", second=files / "good", how_first={"model": MODEL}, reference=ring, n=500)
    assert found.provenance["n_pairs"] == 500
    assert any("row by row" in note for note in found.provenance["notes"])


def test_what_it_could_have_shown_stands_beside_no_difference(ring):
    said = str(compare_samples(first=samples(), second=samples(seed=3), reference=ring))
    assert said.startswith("no difference shown that matters\n")
    assert "would have been shown, 95% of the time" in said
