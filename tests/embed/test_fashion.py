"""The packaged clothes: every feature of the digits works on them, as far as it can be seen without real pictures.

No package brings Fashion-MNIST along, so what needs real pictures is measured by a study
(docs/studies/fashion_classifier.md) and held to its figures here; everything else runs on the packaged reference's
own rows, or on pictures that are no garments.
"""

import json

import numpy as np
import pytest
import torch

import collapse_metrics as cm
from collapse_metrics import cli
from collapse_metrics.calibrate import calibrate
from collapse_metrics.diagnosis import judge
from collapse_metrics.embed import FashionClothes, resolve
from collapse_metrics.embed.fashion import GARMENTS, WEIGHTS
from collapse_metrics.measurements import Look, measure_look
from collapse_metrics.reference import PACKAGED, Reference
from collapse_metrics.report import write_report
from reference_gans.data import digits
from reference_gans.studies import DOCS, fashion_classifier
from reference_gans.studies._garbage import TRAINED, Digits


@pytest.fixture(scope="module")
def reference():
    return Reference.named("fashion_mnist")


@pytest.fixture(scope="module")
def study():
    return json.loads((DOCS / "fashion_classifier.json").read_text())


@pytest.fixture(scope="module")
def ten_digits():
    data = digits()
    return Digits(data.real[:1000], data.labels[:1000])


class TestTheStudy:
    def test_is_about_the_packaged_weights_and_says_so_on_its_page(self, study):
        assert study["weights"] == FashionClothes().fingerprint
        assert study["bytes"] == WEIGHTS.stat().st_size
        assert (DOCS / "fashion_classifier.md").read_text() == "\n".join(fashion_classifier.page(study)) + "\n"

    def test_more_than_925_in_1000_of_the_test_pictures_are_named_rightly(self, study):
        named = next(row for row in study["rows"] if (row["what"], row["how"]) == ("test clothes", "named rightly"))
        assert named["n"] == 10_000
        assert named["share"] >= 0.925

    def test_rows_that_were_learnt_from_are_in_neither_threshold_nor_reference(self):
        learnt_from = fashion_classifier.REFERENCE.stop
        assert fashion_classifier.UNSEEN.stop <= fashion_classifier.REFERENCE.start < learnt_from
        assert 60_000 - learnt_from == resolve("fashion_mnist")._clothes.about["training"]["n"]


class TestTheReference:
    def test_has_the_garments_as_modes_by_either_name(self, reference):
        other = Reference.named("fashion-mnist")
        assert other.fingerprint == reference.fingerprint
        assert reference.modes == GARMENTS == FashionClothes.modes
        assert reference.embedder.name == "fashion_mnist"
        assert reference.shares == pytest.approx(np.full(10, 0.1), abs=0.02)

    def test_knows_that_shirts_are_taken_for_other_tops(self, reference):
        shirt, boot = GARMENTS.index("Shirt"), GARMENTS.index("Ankle boot")
        assert reference.confusion[shirt, shirt] < 0.9 < reference.confusion[boot, boot]
        tops = [GARMENTS.index(name) for name in ("T-shirt/top", "Pullover", "Coat", "Dress")]
        assert reference.confusion[shirt, tops].sum() > 0.8 * (1 - reference.confusion[shirt, shirt])

    def test_keeps_real_clothes_and_is_small(self, reference):
        assert reference.kept >= 0.98
        assert WEIGHTS.stat().st_size < 1_000_000
        assert (PACKAGED / "fashion_mnist.safetensors").stat().st_size < 1_000_000

    def test_features_vary_within_a_garment(self, reference):
        rows, modes = reference.anchor, reference.anchor_modes
        within = torch.stack([rows[modes == mode].var(dim=0).sum() for mode in range(10)]).mean()
        assert within > 0.1 * rows.var(dim=0).sum()


def look_of(reference, chosen):
    """What would be seen in generated clothes with the features of these held-out real ones."""
    rows, n = reference.fresh[chosen], len(chosen)
    return Look(n, n, rows, rows, rows, torch.ones(n, dtype=torch.bool), reference.fresh_modes[chosen])


class TestVerdicts:
    def test_a_garment_that_is_dropped_is_called_by_its_name(self, reference, rng):
        order = torch.randperm(len(reference.fresh), generator=rng)
        no_bags = order[reference.fresh_modes[order] != GARMENTS.index("Bag")][:1500]
        verdict, findings = judge(measure_look(look_of(reference, no_bags), reference, step=None, seed=0))
        assert verdict == "partial_collapse"
        dropped = next(f for f in findings if f.name == "mode_dropping")
        assert "mode Bag" in dropped.evidence

    def test_calibration_accuses_hardly_any_healthy_set_and_finds_planted_defects(self, reference):
        found = calibrate(reference=reference, n=300, trials=5)
        rates = {rate.what: rate for rate in found.verdicts}
        # At a false-alarm rate of 1 % three of five are accused with probability 1e-5.
        assert rates["healthy, accused"].hits <= 2
        assert all(rate.hits == rate.trials for what, rate in rates.items() if what.endswith("found"))

    @pytest.mark.parametrize("kind", TRAINED.values(), ids=TRAINED.keys())
    def test_rubbish_made_of_digits_is_set_aside(self, kind, ten_digits, rng):
        clothes = FashionClothes()
        kept = clothes.accepts(clothes(kind(ten_digits, 100, rng)).probs)
        # The study sets more than 95 in 100 of each kind aside; at 0.95, 16 of 100 are kept with probability < 1e-4.
        assert kept.sum() <= 15

    def test_digits_are_no_clothes(self, ten_digits):
        card = cm.score(fake=ten_digits.images, reference="fashion-mnist", value_range=(0, 1))
        assert card.verdict == "broken"
        assert "off_manifold" in [f.name for f in card.findings if f.status == "found"]

    def test_clothes_in_feature_bins_need_no_classes(self, reference, rng):
        rows = reference.fresh
        binned = Reference.fit(real=rows, modes=8, name="bins")
        card = cm.score(fake=reference.anchor[:1000], reference=binned)
        assert card["mode_coverage"].value == 1.0


class TestBesideATraining:
    @pytest.fixture
    def run(self, tmp_path):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            layers = torch.nn.Linear(8, 784), torch.nn.Sigmoid(), torch.nn.Unflatten(1, (1, 28, 28))
        monitor = cm.Monitor(
            torch.nn.Sequential(*layers), latent=8, every=10, reference="fashion_mnist", value_range=(0, 1),
            log_dir=tmp_path, n=128,
        )  # fmt: skip
        for _ in range(30):
            monitor.step(d_loss=0.7, g_loss=0.7)
        monitor.diagnose()
        monitor.close()
        return monitor, tmp_path

    def test_looks_grids_and_the_page_are_there(self, run):
        monitor, folder = run
        assert len(monitor.history.checks) >= 3
        page = write_report(cm.History.read(folder), folder / "report.html").read_text()
        assert "fashion_mnist" in page
        assert "data:image/png" in page


def ask(capsys, *words):
    with pytest.raises(SystemExit) as stop:
        cli.main([str(word) for word in words])
    return stop.value.code, capsys.readouterr().out


def test_the_command_line_takes_it_by_name(tmp_path, capsys, numpy_rng):
    np.save(tmp_path / "noise.npy", numpy_rng.integers(0, 256, (300, 28, 28), dtype=np.uint8))
    code, out = ask(capsys, "score", tmp_path / "noise.npy", "--reference", "fashion-mnist")
    assert (code, out.splitlines()[0]) == (0, "verdict: broken")


class TestTheEmbedder:
    def test_no_pictures_give_no_rows(self):
        nothing = FashionClothes()(torch.empty(0, 1, 28, 28))
        assert (nothing.features.shape, nothing.probs.shape) == ((0, 64), (0, 11))

    def test_global_random_numbers_stay_as_they_are(self):
        before = torch.random.get_rng_state()
        FashionClothes()(torch.zeros(3, 1, 28, 28))
        assert torch.equal(torch.random.get_rng_state(), before)

    @pytest.mark.bad_input
    def test_pictures_of_another_size_are_explained(self):
        with pytest.raises(ValueError, match=r"must be \(n, 1, 28, 28\) pictures, got shape \(2, 3, 32, 32\)"):
            FashionClothes()(torch.zeros(2, 3, 32, 32))
