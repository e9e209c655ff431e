"""torchvision's networks as embedders, with weights of a file: no network is asked for in these tests."""

import hashlib
import urllib.error

import pytest
import torch
from torchvision.models import get_model, mobilenet_v3_small

from collapse_metrics.embed import Backbone, backbones, resolve
from collapse_metrics.embed.backbones import BACKBONES
from collapse_metrics.reference import Reference


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Weights that are drawn, not published: what is computed of them is known all the same."""
    path = tmp_path_factory.mktemp("weights") / "mobilenet.pth"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.save(mobilenet_v3_small(weights=None).state_dict(), path)
    return path


def test_features_are_what_the_layer_of_classes_would_have_seen(weights, rng):
    network = mobilenet_v3_small(weights=None).eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    images = torch.rand(3, 3, 224, 224, generator=rng)
    normal = (images - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(
        3, 1, 1
    )
    seen = []
    network.classifier[3].register_forward_hook(lambda layer, given, out: seen.append(given[0]))
    with torch.no_grad():
        network(normal)
    embedded = Backbone("mobilenet_v3_small", weights=weights)(images)
    torch.testing.assert_close(embedded.features, seen[0], rtol=1e-4, atol=1e-4)
    assert embedded.probs is None


def test_grey_and_small_pictures_are_brought_to_size_and_chunks_change_nothing(weights, rng, monkeypatch):
    grey = torch.rand(5, 1, 28, 28, generator=rng)
    it = Backbone("mobilenet_v3_small", weights=weights)
    whole = it(grey).features
    monkeypatch.setattr(backbones, "CHUNK", 2)
    torch.testing.assert_close(it(grey.expand(-1, 3, -1, -1)).features, whole, rtol=1e-4, atol=1e-4)


def test_the_global_random_numbers_stay_as_they_are(weights):
    before = torch.random.get_rng_state()
    Backbone("mobilenet_v3_small", weights=weights)(torch.zeros(1, 3, 8, 8))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_bins_of_its_features_are_modes_of_a_reference(weights, rng):
    real = torch.rand(200, 3, 8, 8, generator=rng)
    it = Backbone("mobilenet_v3_small", weights=weights)
    it._side = 32  # the published size takes fifty times as long
    fitted = Reference.fit(real=real, embedder=it, modes=3)
    assert len(fitted.modes) == 3


@pytest.mark.parametrize("name", BACKBONES)
def test_every_name_resolves_and_has_its_layer_of_classes(name):
    assert resolve(name).name == name
    with torch.device("meta"):
        aside = {"transform_input": False, "init_weights": False} if "inception" in name else {}
        layer = get_model(name, weights=None, **aside).get_submodule(BACKBONES[name])
    assert layer.out_features == 1000


def test_a_fingerprint_is_of_the_published_weights_wherever_they_lie(tmp_path, monkeypatch):
    it = Backbone("resnet18")
    (tmp_path / "mine.pth").write_bytes(b"weights")
    own = Backbone("resnet18", weights=tmp_path / "mine.pth")
    assert len({it.fingerprint, own.fingerprint, Backbone("resnet50").fingerprint}) == 3
    digits = hashlib.sha256(b"weights").hexdigest()[:8]
    monkeypatch.setattr(backbones, "_name_of", lambda published: f"resnet18-{digits}")
    published, fetched = Backbone("resnet18"), Backbone("resnet18", weights=tmp_path / "mine.pth")
    assert published.fingerprint == fetched.fingerprint


def test_without_a_network_one_sentence_says_what_to_fetch(monkeypatch):
    def no_network(*args, **options):
        raise urllib.error.URLError("no such host")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", no_network)
    with pytest.raises(
        OSError, match=r"resnet18 are needed and could not be fetched .* fetch https://.*resnet18"
    ) as told:
        Backbone("resnet18")(torch.zeros(1, 3, 8, 8))
    assert "\n" not in str(told.value)


@pytest.mark.bad_input
def test_bad_input_is_explained(tmp_path, weights):
    with pytest.raises(ValueError, match=r"a network of .*'resnet18'.* is needed, got 'vgg'"):
        Backbone("vgg")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        Backbone("resnet18", weights=tmp_path / "nowhere.pth")
    (tmp_path / "cut.pth").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match=r"cannot be read as a state dict"):
        Backbone("resnet18", weights=tmp_path / "cut.pth")(torch.zeros(1, 3, 8, 8))
    with pytest.raises(ValueError, match="holds no weights of resnet18"):
        Backbone("resnet18", weights=weights)(torch.zeros(1, 3, 8, 8))
    with pytest.raises(ValueError, match="leave out further channels"):
        Backbone("resnet18", weights=weights)(torch.zeros(1, 4, 8, 8))
