"""The sampler: the same noise whoever asks, and no trace of having asked."""

import numpy as np
import pytest
import torch
from torch import nn

from collapse_metrics.probes import Sampler, sampler
from collapse_metrics.probes.sampler import LATENT_ATTRIBUTES, draw_latents, latent_of, unwrap


class Noisy(nn.Module):
    """A generator with noise of its own."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, z):
        return self.linear(z) + torch.randn(len(z), 3) + np.random.random()  # noqa: NPY002


def compiled(module):
    """What torch.compile hands back, without compiling."""
    wrapper = nn.Module()
    wrapper._modules["_orig_mod"] = module
    return wrapper


class TestLatents:
    @pytest.mark.parametrize("latent", [1, 3, 100, (2, 2, 1)])
    @pytest.mark.parametrize("n", [1, 5, 16, 50, 77])
    def test_the_first_are_the_same_however_many_are_asked_for(self, latent, n):
        few = Sampler(nn.Identity(), latent=latent).latents(n)
        many = Sampler(nn.Identity(), latent=latent).latents(301)
        assert torch.equal(few, many[:n])

    def test_asking_more_and_less_in_turn_changes_nothing(self):
        one = Sampler(nn.Identity(), latent=3)
        first = one.latents(5).clone()
        assert len(one.latents(90)) == 90
        assert torch.equal(one.latents(5), first)

    @pytest.mark.parametrize(("latent", "shape"), [(7, (7,)), ((7,), (7,)), ((4, 1, 1), (4, 1, 1)), ([2, 3], (2, 3))])
    def test_sizes_and_shapes(self, latent, shape):
        z = Sampler(nn.Identity(), latent=latent).latents(10)
        assert z.shape == (10, *shape)
        assert z.dtype == torch.float32

    def test_are_standard_normal_and_all_different(self):
        z = Sampler(nn.Identity(), latent=5).latents(4000)
        assert z.mean().item() == pytest.approx(0, abs=0.03)
        assert z.std().item() == pytest.approx(1, abs=0.03)
        assert len(z.unique(dim=0)) == 4000

    def test_the_seed_decides_and_nothing_else(self):
        z = Sampler(nn.Identity(), latent=5, seed=3).latents(9)
        torch.manual_seed(17)
        state = torch.get_rng_state()
        assert torch.equal(Sampler(nn.Identity(), latent=5, seed=3).latents(9), z)
        assert not torch.equal(Sampler(nn.Identity(), latent=5, seed=4).latents(9), z)
        assert torch.equal(torch.get_rng_state(), state)

    def test_a_source_of_one_s_own_is_asked_with_a_seeded_generator(self):
        def uniform(n, rng):
            return torch.rand(n, 2, generator=rng)

        z = Sampler(nn.Identity(), latent=uniform, seed=3).latents(40)
        assert torch.equal(z, torch.rand(40, 2, generator=torch.Generator().manual_seed(3)))
        assert torch.equal(draw_latents(uniform, 40, torch.Generator().manual_seed(3)), z)


class TestSampling:
    def test_chunks_change_nothing_for_a_generator_without_own_noise(self, monkeypatch):
        one = Sampler(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), latent=4)
        z = one.latents(100)
        whole = one(z)
        monkeypatch.setattr(sampler, "CHUNK", 7)
        assert torch.allclose(one(z), whole, atol=1e-6)

    def test_every_latent_is_answered_in_its_place(self, monkeypatch):
        monkeypatch.setattr(sampler, "CHUNK", 7)
        z = torch.arange(40.0).reshape(20, 2)
        assert torch.equal(Sampler(nn.Identity(), latent=2)(z), z)

    def test_no_pass_is_larger_than_a_chunk(self):
        sizes = []
        Sampler(lambda z: sizes.append(len(z)) or z, latent=2)(torch.zeros(600, 2))
        assert sizes == [256, 256, 88]

    def test_own_noise_of_the_generator_is_repeatable(self):
        one = Sampler(Noisy(), latent=4, seed=1)
        z = one.latents(20)
        first = one(z)
        torch.manual_seed(3)
        np.random.seed(3)  # noqa: NPY002
        assert torch.equal(one(z), first)
        other = Sampler(one.generator, latent=4, seed=2)
        assert not torch.equal(other(z), first)

    def test_own_noise_leaves_the_training_s_chance_alone(self):
        one, state = Sampler(Noisy(), latent=4), torch.get_rng_state()
        one(one.latents(20))
        assert torch.equal(torch.get_rng_state(), state)

    def test_a_plain_function_is_guarded_too(self):
        one, state = Sampler(lambda z: z + torch.randn(z.shape), latent=4), torch.get_rng_state()
        assert one.module is None
        assert torch.equal(one(one.latents(20)), one(one.latents(20)))
        assert torch.equal(torch.get_rng_state(), state)

    def test_the_generator_is_looked_at_in_eval_mode_and_left_in_training(self):
        module = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.9))
        one = Sampler(module, latent=4)
        z = one.latents(30)
        assert torch.equal(one(z), module[0](z))
        assert module.training
        assert one(z).requires_grad is False

    def test_a_generator_that_writes_into_its_input_does_not_spoil_the_latents(self):
        one = Sampler(lambda z: z.mul_(0), latent=4)
        z = one.latents(30)
        before = z.clone()
        one(z)
        assert torch.equal(z, before)
        assert torch.equal(one.latents(30), before)

    def test_latents_come_in_the_precision_of_the_weights(self):
        one = Sampler(nn.Linear(4, 3).double(), latent=4)
        assert one(one.latents(5)).dtype == torch.float64
        assert one.respond(one.latents(5)).dtype == torch.float32

    def test_answers_are_flat_rows(self):
        one = Sampler(nn.Unflatten(1, (1, 2, 3)), latent=6)
        assert one(one.latents(4)).shape == (4, 1, 2, 3)
        assert torch.equal(one.respond(one.latents(4)), one.latents(4))

    @pytest.mark.parametrize("out", [lambda z: {"sample": z, "mask": z}, lambda z: (z, z)], ids=["dict", "tuple"])
    @pytest.mark.bad_input
    def test_an_answer_that_is_no_tensor_is_explained(self, out):
        with pytest.raises(
            TypeError, match=r"must return one tensor of samples, got (dict|tuple) of .* say which part"
        ):
            Sampler(out, latent=2)(torch.zeros(5, 2))

    @pytest.mark.bad_input
    def test_an_answer_of_another_length_is_explained(self):
        with pytest.raises(ValueError, match="one sample a latent, got 4 for 5 latents"):
            Sampler(lambda z: z[1:], latent=2)(torch.zeros(5, 2))


class TestWrappers:
    @pytest.mark.parametrize("wrap", [lambda m: m, nn.DataParallel, compiled, lambda m: compiled(nn.DataParallel(m))])
    def test_the_module_inside_is_found(self, wrap):
        module = nn.Linear(2, 2)
        assert unwrap(wrap(module)) is module
        assert Sampler(wrap(module), latent=2).module is module

    def test_a_real_compiled_module_is_opened(self):
        module = nn.Linear(2, 2)
        assert unwrap(torch.compile(module, backend="eager")) is module

    def test_parallel_inside_is_opened_too(self):
        module = nn.Linear(2, 2)
        assert unwrap(nn.DataParallel(compiled(module))) is module

    def test_a_generator_with_a_part_called_module_is_left_whole(self):
        outer = nn.Module()
        outer.module = nn.Linear(2, 2)
        assert unwrap(outer) is outer

    def test_a_function_is_its_own_inside(self):
        assert unwrap(torch.tanh) is torch.tanh


class TestLatentOf:
    @pytest.mark.parametrize("name", LATENT_ATTRIBUTES)
    def test_usual_names_are_known(self, name):
        module = nn.Linear(2, 2)
        setattr(module, name, 64)
        assert latent_of(module) == 64
        assert latent_of(nn.DataParallel(module)) == 64

    @pytest.mark.parametrize("size", [True, 0, -3, "64", 64.0, None])
    def test_what_is_no_size_is_not_taken_for_one(self, size):
        module = nn.Linear(2, 2)
        module.latent_dim = size
        assert latent_of(module) is None

    def test_a_generator_that_does_not_say_is_not_guessed_at(self):
        assert latent_of(nn.Linear(2, 2)) is None
        assert latent_of(lambda z: z) is None
