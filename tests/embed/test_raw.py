"""Raw rows: the samples themselves are the features."""

import numpy as np
import pytest
import torch

from collapse_metrics.embed import Embedder, Raw, resolve


@pytest.mark.parametrize("shape", [(3, 4), (3, 1, 2, 2), (3, 4, 1)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.uint8, torch.int64])
def test_every_sample_is_one_float_row(shape, dtype):
    samples = torch.arange(12).reshape(shape).to(dtype)
    embedded = Raw()(samples)
    assert embedded.probs is None
    assert embedded.features.dtype == torch.float32
    assert torch.equal(embedded.features, torch.arange(12.0).reshape(3, 4))


def test_arrays_are_taken_too():
    assert Raw()(np.ones((2, 3))).features.shape == (2, 3)


def test_it_has_no_modes_and_takes_any_range():
    raw = Raw()
    assert (raw.name, raw.modes, raw.takes_pictures) == ("raw", (), False)


def test_its_fingerprint_is_stable():
    # Written into reference files: it changes only when the code means something else.
    assert Raw().fingerprint == "e72e2581cffd8fef"


def test_samples_are_left_alone():
    samples = torch.randn(4, 3)
    kept = samples.clone()
    Raw()(samples).features.mul_(1)
    assert torch.equal(samples, kept)


class TestResolve:
    def test_nothing_and_its_name_mean_raw(self):
        assert isinstance(resolve(None), Raw)
        assert isinstance(resolve("raw"), Raw)

    def test_an_embedder_is_taken_as_it_is(self):
        raw = Raw()
        assert resolve(raw) is raw

    def test_a_callable_becomes_an_embedder(self):
        def middle(samples):
            return samples[:, :, 1:2].requires_grad_()

        embedder = resolve(middle)
        embedded = embedder(torch.arange(12.0).reshape(2, 2, 3).double())
        assert isinstance(embedder, Embedder)
        assert embedded.features.tolist() == [[1.0, 4.0], [7.0, 10.0]]
        assert embedded.features.dtype == torch.float32
        assert not embedded.features.requires_grad
        assert embedded.probs is None
        assert (embedder.name, embedder.fingerprint) == ("middle", "callable:middle")
        assert (embedder.modes, embedder.takes_pictures) == ((), False)

    def test_a_callable_object_goes_by_its_class(self):
        assert resolve(torch.nn.Flatten()).name == "Flatten"

    @pytest.mark.bad_input
    def test_an_unknown_name_is_answered_with_the_known_ones(self):
        with pytest.raises(ValueError, match=r"one of \[.*'mnist', .*'raw', .*\] is needed, got 'inception'"):
            resolve("inception")


def test_samples_are_accepted_below_one_half_of_not_like_the_data():
    probs = torch.tensor([[0.4, 0.2, 0.4], [0.1, 0.1, 0.8], [0.25, 0.25, 0.5], [0.3, 0.201, 0.499]])
    assert Raw().accepts(probs).tolist() == [True, False, False, True]
