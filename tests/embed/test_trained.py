"""A classifier's file: small, without code, checked against itself; and a reference that carries it."""

import json
import os
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import collapse_metrics as cm
from collapse_metrics.embed import TrainedClassifier, resolve, trained
from collapse_metrics.embed._networks import build_network
from collapse_metrics.embed.trained import HEADER
from collapse_metrics.evaluate import find_reference

PICTURES = {
    "format": 1,
    "kind": "pictures",
    "name": "dots",
    "modes": ["few", "many"],
    "shape": [3, 9, 8],
    "network": {"convolutions": [[3, 4, 3, 2], [4, 6, 3, 1]], "features": 5, "classes": 2},
    "threshold": 0.6,
}
ROWS = PICTURES | {"kind": "rows", "shape": [4], "network": {"hidden": [7, 6], "features": 5, "classes": 2}}


def classifier(about=PICTURES, seed=0):
    """A classifier with weights that are drawn, not learnt."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        weights = build_network(about).state_dict()
    return TrainedClassifier(about, {name: w.contiguous() for name, w in weights.items()})


@pytest.mark.parametrize("about", [PICTURES, ROWS], ids=["pictures", "rows"])
def test_it_is_the_network_with_a_softmax(about, rng):
    it = classifier(about)
    samples = torch.rand(5, *about["shape"], generator=rng)
    network = build_network(about)
    network.load_state_dict(it.described()[1])
    with torch.no_grad():
        features, logits = network(samples)
    torch.testing.assert_close(it(samples).features, features)
    torch.testing.assert_close(it(samples).probs, logits.softmax(dim=1))
    assert it.takes_pictures == (about["kind"] == "pictures")
    assert it.modes == ("few", "many")


def test_chunks_change_nothing_but_rounding(monkeypatch, rng):
    samples = torch.rand(11, 3, 9, 8, generator=rng)
    whole = classifier()(samples)
    monkeypatch.setattr(trained, "CHUNK", 4)
    torch.testing.assert_close(classifier()(samples).features, whole.features, rtol=1e-4, atol=1e-5)


def test_no_samples_give_no_rows():
    nothing = classifier()(torch.empty(0, 3, 9, 8))
    assert (nothing.features.shape, nothing.probs.shape) == ((0, 5), (0, 3))


def test_the_threshold_decides():
    rows = torch.tensor([[0.2, 0.21, 0.59], [0.2, 0.2, 0.6]])
    assert classifier().accepts(rows).tolist() == [True, False]


def test_weights_names_and_threshold_are_in_the_fingerprint_and_its_history_is_not():
    it = classifier()
    same = TrainedClassifier(PICTURES | {"training": {"n": 5}}, it.described()[1])
    assert same.fingerprint == it.fingerprint
    for other in (
        classifier(seed=1),
        TrainedClassifier(PICTURES | {"threshold": 0.5}, it.described()[1]),
        TrainedClassifier(PICTURES | {"modes": ["many", "few"]}, it.described()[1]),
    ):
        assert other.fingerprint != it.fingerprint
    renamed = {name: torch.zeros_like(w) if "head" in name else w for name, w in it.described()[1].items()}
    assert TrainedClassifier(PICTURES, renamed).fingerprint != it.fingerprint


def test_loading_draws_no_random_number_and_files_resolve_by_path(tmp_path):
    classifier().save(tmp_path / "it.safetensors")
    before = torch.random.get_rng_state()
    for source in (tmp_path / "it.safetensors", str(tmp_path / "it.safetensors")):
        back = resolve(source)
        back(torch.zeros(1, 3, 9, 8))
        assert back.fingerprint == classifier().fingerprint
    assert torch.equal(torch.random.get_rng_state(), before)


def test_it_outlives_its_file(tmp_path, rng):
    """Another one may be written into it while this one judges."""
    path, samples = tmp_path / "it", torch.rand(5, 3, 9, 8, generator=rng)
    classifier().save(path)
    held, told = TrainedClassifier.load(path), classifier()(samples).features
    path.write_bytes(b"")
    torch.testing.assert_close(held(samples).features, told)


def written(path, about, weights=None):
    weights = classifier().described()[1] if weights is None else weights
    save_file(weights, path, metadata={HEADER: json.dumps(about)})
    return path


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 1 is needed, got 2"),
        ({"kind": "code"}, "neither 'pictures' nor 'rows'"),
        ({"shape": [3, 9]}, "described wrongly"),
        ({"shape": [1, 9, 8]}, "1 channels do not fit 3"),
        ({"shape": [3, 9, 10**9]}, "does not fit its weights"),
        ({"shape": [3, 9, "8"]}, "described wrongly"),
        ({"network": {"convolutions": [], "features": 5, "classes": 2}}, "described wrongly"),
        ({"network": {"convolutions": [[3, 4, 3, 0], [4, 6, 3, 1]], "features": 5, "classes": 2}}, "described wrongly"),
        ({"network": {"convolutions": [[3, 4, 3, 2], [4, 6, 3, 1]], "features": -5, "classes": 2}}, "train it again"),
        ({"modes": ["few"]}, "does not fit its weights"),
        ({"modes": [1, 2]}, "does not fit its weights"),
        ({"threshold": 0}, "does not fit its weights"),
        ({"threshold": "high"}, "described wrongly"),
        ({"name": None}, "does not fit its weights"),
    ],
    ids=str,
)
def test_a_description_that_does_not_fit_is_refused(change, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        TrainedClassifier.load(written(tmp_path / "it.safetensors", PICTURES | change))


@pytest.mark.bad_input
def test_what_is_no_classifier_file_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="a classifier file is needed"):
        TrainedClassifier.load(tmp_path / "nowhere.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x08\x00")
    cm.Reference.fit(real=torch.randn(300, 2)).save(tmp_path / "reference.safetensors")
    written(tmp_path / "list.safetensors", [1, 2])

    class Trap:
        def __reduce__(self):
            return (os.system, (f"touch {tmp_path / 'canary'}",))

    (tmp_path / "trap.safetensors").write_bytes(pickle.dumps(Trap()))
    for name in ("cut", "reference", "list", "trap"):
        with pytest.raises(ValueError, match=r"train-classifier|train it again"):
            TrainedClassifier.load(tmp_path / f"{name}.safetensors")
    assert not (tmp_path / "canary").exists()


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("about", "samples", "message"),
    [
        (PICTURES, torch.zeros(2, 1, 9, 8), r"must be \(n, 3, 9, 8\) pictures, got shape \(2, 1, 9, 8\)"),
        (PICTURES, torch.zeros(2, 3, 9, 8, dtype=torch.uint8), "divide uint8 pictures by 255"),
        (PICTURES, torch.full((2, 3, 9, 8), -1.0), "must lie in"),
        (ROWS, torch.zeros(2, 5), r"must be \(n, 4\), one sample a row, got shape \(2, 5\)"),
        (ROWS, torch.full((2, 4), torch.inf), "must be finite"),
    ],
    ids=["channels", "bytes", "range", "columns", "infinite"],
)
def test_samples_of_another_shape_are_explained(about, samples, message):
    with pytest.raises(ValueError, match=message):
        classifier(about)(samples)


class TestInAReference:
    @pytest.fixture
    def fitted(self, rng):
        return cm.Reference.fit(real=torch.rand(400, 3, 9, 8, generator=rng), embedder=classifier(), name="dots")

    def test_the_file_carries_the_classifier(self, fitted, tmp_path, rng):
        fitted.save(tmp_path / "ref.safetensors")
        back = find_reference(tmp_path / "ref.safetensors")
        assert back.embedder.fingerprint == fitted.embedder.fingerprint
        assert back.modes == ("few", "many")
        fake = torch.rand(300, 3, 9, 8, generator=rng)
        cards = [cm.score(fake=fake, reference=r, value_range=(0, 1)) for r in (fitted, tmp_path / "ref.safetensors")]
        assert cards[0].verdict == cards[1].verdict
        assert np.isclose(cards[0]["mode_coverage"].value, cards[1]["mode_coverage"].value)

    def test_a_changed_classifier_in_the_file_is_refused(self, fitted, tmp_path):
        path = tmp_path / "ref.safetensors"
        fitted.save(path)
        from safetensors import safe_open

        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
        held = load_file(path)
        held["classifier.head.bias"] += 1
        save_file(held, path, metadata=metadata)
        with pytest.raises(ValueError, match="features of two embedders cannot be compared"):
            cm.Reference.load(path)
        del held["classifier.head.bias"]
        save_file(held, path, metadata=metadata)
        with pytest.raises(ValueError, match="does not fit its weights"):
            cm.Reference.load(path)

    def test_another_classifier_is_refused(self, fitted, tmp_path):
        fitted.save(tmp_path / "ref.safetensors")
        classifier(seed=1).save(tmp_path / "other.safetensors")
        with pytest.raises(ValueError, match="cannot be compared"):
            find_reference(tmp_path / "ref.safetensors", embedder=tmp_path / "other.safetensors")

    def test_a_class_that_is_never_called_rightly_is_refused(self, rng):
        real = torch.rand(400, 3, 9, 8, generator=rng)
        called = classifier()(real).probs[:, :-1].argmax(dim=1)
        with pytest.raises(ValueError, match=r"called rightly more often than not are needed, got .*\(0%\)"):
            cm.Reference.fit(real=real, labels=1 - called, embedder=classifier())
