"""The reference: fitted, saved and loaded it judges alike; what does not belong to it is refused."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from collapse_metrics._registry import METRICS, MetricSpec
from collapse_metrics.embed import Embedded, Embedder, Raw
from collapse_metrics.fitting import BATCH_ROWS
from collapse_metrics.measurements import measure
from collapse_metrics.metrics import mean_pairwise_distance
from collapse_metrics.reference import DRAWS, FEWEST_ROWS, REAL_KEPT, Reference
from reference_gans.fixtures.kinds import healthy
from reference_gans.fixtures.pictures import real_digits

CENTRES = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])


def mixture(n, rng, shares=(0.25, 0.25, 0.25, 0.25)):
    """Points of four modes, and which mode each is of."""
    modes = torch.multinomial(torch.tensor(shares), n, replacement=True, generator=rng)
    return CENTRES[modes] + 0.3 * torch.randn(n, 2, generator=rng), modes


class Signs(Embedder):
    """A classifier by the sign of the first value, wrong near the border; far points are like no data."""

    name = "signs"
    modes = ("minus", "plus")

    @property
    def fingerprint(self):
        return "signs-1"

    @property
    def takes_pictures(self):
        return False

    def __call__(self, images):
        first = images[:, 0]
        plus, far = (first > -0.2).float(), (first.abs() > 3).float()
        return Embedded(images.float(), torch.stack([(1 - plus) * (1 - far), plus * (1 - far), far], dim=1))


@pytest.fixture
def real(rng):
    return mixture(1000, rng)[0]


class TestFit:
    def test_rows_are_split_into_neighbours_and_stand_ins(self, real):
        reference = Reference.fit(real=real[:999])
        assert (len(reference.anchor), len(reference.fresh)) == (500, 499)
        both = torch.cat([reference.anchor, reference.fresh])
        assert torch.equal(both.sort(dim=0).values, real[:999].sort(dim=0).values)
        assert not torch.equal(reference.anchor, real[:500])

    def test_the_seed_decides_the_split(self, real):
        one, same, other = (Reference.fit(real=real, seed=seed) for seed in (1, 1, 2))
        assert torch.equal(one.anchor, same.anchor)
        assert not torch.equal(one.anchor, other.anchor)
        assert one.fingerprint == other.fingerprint

    def test_other_data_have_another_fingerprint(self, real):
        moved = real.clone()
        moved[3, 1] += 1e-3
        assert Reference.fit(real=real).fingerprint != Reference.fit(real=moved).fingerprint

    def test_the_chance_of_the_training_is_left_alone(self, real):
        state = torch.get_rng_state()
        Reference.fit(real=real, modes=4)
        assert torch.equal(torch.get_rng_state(), state)

    def test_the_radius_keeps_what_it_promises_of_real_data(self, real, rng):
        reference = Reference.fit(real=real)
        held_out = reference.accept(Raw()(reference.fresh)).double().mean().item()
        assert held_out == pytest.approx(REAL_KEPT, abs=0.003)
        assert reference.kept == REAL_KEPT
        new = reference.accept(Raw()(mixture(4000, rng)[0])).double().mean().item()
        assert new == pytest.approx(REAL_KEPT, abs=0.012)
        assert not reference.accept(Raw()(torch.full((3, 2), 40.0))).any()

    def test_the_edge_of_the_radius_is_accepted(self, real):
        reference = Reference.fit(real=(torch.arange(300) % 2).float().view(-1, 1).expand(-1, 2))
        assert reference.radius == 0.0
        assert reference.accept(Raw()(torch.zeros(2, 2))).all()

    def test_known_centres_are_modes(self, rng):
        real, modes = mixture(1000, rng, shares=(0.4, 0.3, 0.2, 0.1))
        reference = Reference.fit(real=real, modes=CENTRES)
        assert reference.modes == ("0", "1", "2", "3")
        assert reference.shares == pytest.approx(np.bincount(modes) / 1000)
        assert torch.equal(reference.call(Raw()(real)), modes)
        assert reference.confusion is None

    @pytest.mark.parametrize("count", [1, 4])
    def test_a_number_of_bins_is_found_by_clustering(self, real, count):
        reference = Reference.fit(real=real, modes=count)
        assert len(reference.modes) == len(reference.centres) == count
        assert reference.shares.sum() == pytest.approx(1)
        assert reference.shares.min() > 0.9 / count * 0.8
        assert torch.equal(reference.centres, Reference.fit(real=real, modes=count).centres)

    def test_without_modes_all_data_are_one(self, real):
        reference = Reference.fit(real=real)
        assert (reference.modes, reference.shares.tolist(), reference.centres) == (("0",), [1.0], None)
        assert reference.call(Raw()(real)).eq(0).all()

    def test_labels_give_true_shares_and_the_confusion_of_the_classifier(self, rng):
        real = torch.randn(2000, 2, generator=rng).clamp(-2.9, 2.9)
        truth = (real[:, 0] > 0).long()
        reference = Reference.fit(real=real, embedder=Signs(), labels=truth)
        called = (real[:, 0] > -0.2).long()
        assert reference.shares == pytest.approx([(truth == 0).float().mean().item(), truth.float().mean().item()])
        # Row: true mode; column: the mode it is taken for.
        wrong = ((truth == 0) & (called == 1)).sum().item() / (truth == 0).sum().item()
        assert reference.confusion == pytest.approx(np.array([[1 - wrong, wrong], [0, 1]]))
        assert 0.1 < wrong < 0.3

    def test_without_labels_calls_are_taken_as_true(self, rng):
        real = torch.randn(2000, 2, generator=rng).clamp(-2.9, 2.9)
        reference = Reference.fit(real=real, embedder=Signs())
        assert reference.shares[1] == pytest.approx((real[:, 0] > -0.2).double().mean().item())
        assert reference.confusion is None

    def test_a_class_without_a_sample_has_no_share_and_no_confusion(self, rng):
        real = torch.randn(300, 2, generator=rng).abs().clamp(max=2.9)
        reference = Reference.fit(real=real, embedder=Signs(), labels=torch.ones(300))
        assert reference.shares.tolist() == [0.0, 1.0]
        assert reference.confusion.tolist() == [[1.0, 0.0], [0.0, 1.0]]

    def test_a_classifier_s_own_exit_decides_what_is_accepted(self, rng):
        real = torch.randn(1000, 2, generator=rng)
        real[:50, 0] = 10
        reference = Reference.fit(real=real, embedder=Signs())
        assert reference.kept == pytest.approx(0.95, abs=0.01)
        assert reference.accept(Signs()(torch.tensor([[0.0, 900.0], [5.0, 0.0]]))).tolist() == [True, False]

    @pytest.mark.parametrize(("refused", "fits"), [(99, True), (100, False), (200, False)])
    def test_data_that_the_classifier_mostly_refuses_are_no_reference(self, refused, fits, rng):
        """With the ink dark on light, none of them would be left to be judged by."""
        rows = torch.randn(200, 3, generator=rng).clamp(-2.9, 2.9)
        rows[:refused, 0] = 10
        if fits:
            assert Reference.fit(real=rows, embedder=Signs()).kept == pytest.approx(1 - refused / 200)
            return
        with pytest.raises(ValueError, match=rf"got {refused / 200:.0%} that it does not: check `value_range=`"):
            Reference.fit(real=rows, embedder=Signs())

    def test_the_spread_is_that_of_the_samples(self, real):
        reference = Reference.fit(real=real)
        assert reference.raw_spread == pytest.approx(mean_pairwise_distance(rows=real), rel=1e-6)
        assert reference.raw_spread_error < 0.05 * reference.raw_spread
        assert (reference.n_real, reference.n_kept) == (1000, 500)
        assert reference.feature_spread[0] == pytest.approx(mean_pairwise_distance(rows=reference.anchor), rel=1e-6)

    def test_the_scatter_of_each_mode_is_measured_about_its_centre(self, rng):
        modes = torch.arange(900) % 3
        real = CENTRES[modes] + torch.tensor([0.1, 0.2, 0.4])[modes][:, None] * torch.randn(900, 2, generator=rng)
        reference = Reference.fit(real=real, modes=CENTRES)
        assert reference.mode_counts.tolist() == [300, 300, 300, 0]
        # 600 squares: the deviation is known to 1 / sqrt(1200), so four of that; a mode without rows has that of all.
        assert reference.scales[:3].tolist() == pytest.approx([0.1, 0.2, 0.4], rel=0.12)
        assert reference.scales[3].item() == pytest.approx(0.07**0.5, rel=0.12)
        assert Reference.fit(real=real).scales is None

    def test_pictures_are_scored_in_batches_and_not_kept(self, rng, tmp_path, monkeypatch):
        def ink(*, pictures):
            if len(pictures) != BATCH_ROWS:
                raise AssertionError(len(pictures))
            return pictures.double().mean().item()

        def large(*, pictures):
            raise ValueError("larger pictures")

        for compute in (ink, large):
            spec = MetricSpec(compute.__name__, compute, frozenset({"pictures"}), 1.0, 0.0, "https://example.org")
            monkeypatch.setitem(METRICS, compute.__name__, spec)
        pictures = healthy(real_digits(), 205, rng).view(-1, 28, 28)
        reference = Reference.fit(real=pictures, embedder="mnist")
        assert "large" not in reference.picture_scores
        scores = reference.picture_scores["ink"]
        assert len(scores) == 10
        assert len(set(scores)) == 10
        assert np.mean(scores) == pytest.approx(pictures.mean().item(), abs=0.01)
        reference.save(tmp_path / "it.safetensors")
        assert Reference.load(tmp_path / "it.safetensors").picture_scores == reference.picture_scores
        assert Reference.fit(real=pictures).picture_scores == {}

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                {"real": torch.randn(FEWEST_ROWS - 1, 2)},
                f"at least {FEWEST_ROWS} real samples, got {FEWEST_ROWS - 1}",
            ),
            ({"real": torch.full((300, 2), torch.nan)}, "`real` has NaN or infinity in 300 of 300"),
            ({"real": torch.randn(300)}, r"one a row, got shape \(300,\)"),
            (
                {"real": torch.randn(300, 2), "modes": torch.zeros(4, 3)},
                "share one dimension, got .*'modes': 3",
            ),
            (
                {"real": torch.randn(300, 2), "labels": torch.ones(300)},
                "one class from 0 to 0 for each of the 300",
            ),
            ({"real": torch.randn(300, 2), "labels": torch.zeros(299)}, r"got shape \(299,\)"),
            ({"real": torch.randn(300, 2), "labels": -torch.ones(300)}, "with values -1 to -1"),
            ({"real": torch.ones(300, 2)}, r"must hold different samples, got \(nearly\) the same throughout"),
            ({"real": torch.eye(2000, 2) * torch.tensor([1.0, 0])}, "must hold different samples"),
        ],
        ids=[
            "few",
            "nan",
            "numbers",
            "centres",
            "labels high",
            "labels short",
            "labels negative",
            "one sample",
            "one sample but for a row",
        ],
    )
    def test_bad_input_is_explained(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            Reference.fit(**arguments)


class TestDraws:
    def test_have_the_asked_make_up(self, rng):
        reference = Reference.fit(real=mixture(1000, rng)[0], modes=CENTRES)
        asked = np.array([30, 0, 10, 25])
        draws = reference.draws(asked, seed=0)
        assert len(draws) == DRAWS
        for rows in draws:
            assert np.bincount(reference.fresh_modes[rows], minlength=4).tolist() == asked.tolist()
            assert len(rows.unique()) == len(rows)

    def test_of_a_number_alone_have_the_modes_that_chance_gives_them(self, rng):
        reference = Reference.fit(real=mixture(1000, rng)[0], modes=CENTRES)
        draws = reference.draws(100, seed=0)
        assert all(len(rows) == len(rows.unique()) == 100 for rows in draws)
        counts = np.array([np.bincount(reference.fresh_modes[rows], minlength=4) for rows in draws])
        held = np.bincount(reference.fresh_modes, minlength=4)
        chance = 100 * held / 500 * (1 - held / 500) * 400 / 499  # hypergeometric
        # The mean of four variances of twenty draws each is known to 1 / sqrt(38): four of that.
        assert counts.var(axis=0, ddof=1).mean() == pytest.approx(chance.mean(), rel=0.65)

    def test_may_be_taken_from_some_rows_only(self, rng):
        reference = Reference.fit(real=mixture(400, rng)[0], modes=CENTRES)
        pools = [torch.nonzero(reference.fresh_modes == mode).flatten()[:9] for mode in range(4)]
        draws = reference.draws(np.array([9, 3, 0, 1]), seed=0, pools=pools)
        assert set(torch.cat(draws).tolist()) <= set(torch.cat(pools).tolist())

    def test_say_how_much_of_the_pool_they_use_up(self, rng):
        reference = Reference.fit(real=mixture(400, rng)[0], modes=CENTRES)
        held = np.bincount(reference.fresh_modes, minlength=4)
        assert reference.used(held) == 1.0
        assert reference.used(held // 2, part=0.5) == pytest.approx(1.0, abs=0.02)
        one = np.array([held[0] // 4, 0, 0, 0])
        assert reference.used(one) == pytest.approx(one[0] / held[0])

    def test_differ_from_each_other_and_come_back_with_the_seed(self, rng):
        reference = Reference.fit(real=mixture(1000, rng)[0], modes=CENTRES)
        draws = reference.draws(np.full(4, 20), seed=0)
        assert len({tuple(rows.tolist()) for rows in draws}) == DRAWS
        again, other = (reference.draws(np.full(4, 20), seed=seed) for seed in (0, 1))
        assert all(map(torch.equal, draws, again))
        assert not any(map(torch.equal, draws, other))

    def test_every_held_out_row_can_be_drawn(self, rng):
        reference = Reference.fit(real=mixture(400, rng)[0], modes=CENTRES)
        everything = np.bincount(reference.fresh_modes, minlength=4)
        assert len(torch.cat(reference.draws(everything, seed=0)).unique()) == len(reference.fresh)


def scores(reference, fake):
    found, _ = measure(fake, reference, value_range=None, step=None, seed=0)
    return {m.name: m.value for m in found}


class TestFiles:
    @pytest.mark.parametrize("kind", ["plain", "centres", "bins"])
    def test_a_file_brings_back_the_same_scores(self, kind, rng, tmp_path):
        modes = {"plain": None, "centres": CENTRES, "bins": 4}[kind]
        reference = Reference.fit(real=mixture(1000, rng)[0], modes=modes, name="squares")
        reference.save(tmp_path / "it.safetensors")
        back = Reference.load(tmp_path / "it.safetensors")
        fake, _ = mixture(500, rng, shares=(0.5, 0.4, 0.1, 0.0))
        before, after = scores(reference, fake), scores(back, fake)
        assert after.keys() == before.keys()
        # Half precision keeps three digits of a feature: a sample in a hundred may change its neighbour.
        assert after == pytest.approx(before, abs=0.02, rel=0.02)
        for name in (
            "name",
            "modes",
            "radius",
            "kept",
            "raw_spread",
            "raw_spread_error",
            "raw_dim",
            "fingerprint",
        ):
            assert getattr(back, name) == getattr(reference, name)
        assert np.array_equal(back.shares, reference.shares)
        assert torch.equal(back.anchor_modes, reference.anchor_modes)
        assert torch.equal(back.fresh_modes, reference.fresh_modes)

    def test_labels_survive_in_shares_and_confusion(self, rng, tmp_path):
        real = torch.randn(500, 2, generator=rng)
        reference = Reference.fit(real=real, embedder=Signs(), labels=real[:, 0] > 0)
        reference.save(tmp_path / "it.safetensors")
        back = Reference.load(tmp_path / "it.safetensors", embedder=Signs())
        assert np.array_equal(back.confusion, reference.confusion)
        assert np.array_equal(back.shares, reference.shares)
        assert back.modes == ("minus", "plus")

    def test_no_sample_of_the_data_is_in_the_file_beyond_its_features(self, real, tmp_path):
        Reference.fit(real=real, embedder=lambda rows: rows[:, :1]).save(tmp_path / "it.safetensors")
        held = load_file(tmp_path / "it.safetensors")
        assert {name: x.shape[1] for name, x in held.items() if x.ndim == 2} == {"anchor": 1, "fresh": 1}

    def test_another_embedder_is_refused(self, real, tmp_path):
        def halves(rows):
            return rows / 2

        def thirds(rows):
            return rows / 3

        path = tmp_path / "it.safetensors"
        Reference.fit(real=real, embedder=halves).save(path)
        assert Reference.load(path, embedder=halves).embedder.name == "halves"
        with pytest.raises(ValueError, match=r"made with embedder halves .*, this one is callable:thirds"):
            Reference.load(path, embedder=thirds)

    def test_an_embedder_of_one_s_own_has_to_be_given_again(self, real, tmp_path):
        path = tmp_path / "it.safetensors"
        Reference.fit(real=real, embedder=lambda rows: rows).save(path)
        with pytest.raises(ValueError, match=r"an embedder named one of .* is needed"):
            Reference.load(path)

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"a reference file is needed, .*none.safetensors is none"):
            Reference.load(tmp_path / "none.safetensors")

    def test_a_damaged_file_is_refused(self, real, tmp_path):
        path = tmp_path / "it.safetensors"
        Reference.fit(real=real).save(path)
        whole = path.read_bytes()
        for damaged in (b"", whole[:100], whole[:-50], b"\x00" * 200, b"a text"):
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match=r"is not a reference file .*write one with Reference.save"):
                Reference.load(path)

    @pytest.mark.parametrize("metadata", [None, {"made by": "somebody"}, {"collapse_metrics": "{"}])
    def test_other_tensors_are_refused(self, metadata, tmp_path):
        save_file({"weight": torch.zeros(3)}, tmp_path / "it.safetensors", metadata=metadata)
        with pytest.raises(ValueError, match="is not a reference file"):
            Reference.load(tmp_path / "it.safetensors")

    def test_another_format_is_refused(self, tmp_path):
        about = {"collapse_metrics": json.dumps({"format": 99})}
        save_file({"anchor": torch.zeros(3)}, tmp_path / "it.safetensors", metadata=about)
        with pytest.raises(ValueError, match="has format 99, this version reads 1: fit it again"):
            Reference.load(tmp_path / "it.safetensors")

    def test_an_unknown_name_is_answered_with_the_known_ones(self):
        with pytest.raises(ValueError, match=r"a packaged reference \[.*\] is needed, got 'imagenet'"):
            Reference.named("imagenet")


def test_a_loaded_reference_stays_what_it_was_when_its_file_is_written_anew(tmp_path, rng):
    """A monitor may hold it while another is fitted into its file: numbers that lie there would end the process."""
    path, first = tmp_path / "it", torch.randn(4000, 8, generator=rng)
    Reference.fit(real=first, name="first").save(path)
    held = Reference.load(path)
    anchor, shares = held.anchor.clone(), held.shares.copy()
    Reference.fit(real=9 + first[:400].flip(0), modes=3, name="second").save(path)
    assert torch.equal(held.anchor, anchor)
    assert (held.shares == shares).all()
    assert Reference.load(path).name == "second"
    assert [file.name for file in tmp_path.iterdir()] == ["it"]
    second = Reference.load(path)
    anchor = second.anchor.clone()
    path.write_bytes(b"")  # as copying another file over it begins
    assert torch.equal(second.anchor, anchor)
