"""The guard: whatever a look does to a generator or to chance, afterwards it has not happened."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from collapse_metrics.probes import undisturbed


class Restless(nn.Module):
    """Everything a forward pass may do to a module: change buffers in place, replace them, make new ones."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
        self.inner[1].eval()  # a frozen batch norm beside a training parent
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))
        self.register_buffer("ema", torch.ones(4))
        self.register_buffer("hidden", torch.ones(2), persistent=False)
        self.register_buffer("undefined", torch.tensor([torch.nan, 1.0]))
        self.register_buffer("empty", None)

    def forward(self, z):
        self.calls += 1
        self.ema = 0.9 * self.ema + 0.1
        self.hidden = torch.zeros(2)
        self.undefined += 1
        self.empty = torch.ones(1)
        self.register_buffer("late", torch.ones(1))
        return self.inner(z)


def state_of(module):
    """Flags, and every buffer as an object and as bytes: persistent or not."""
    flags = [part.training for part in module.modules()]
    buffers = {name: (id(b), b.numpy().tobytes()) for name, b in module.named_buffers()}
    parameters = {name: p.detach().numpy().tobytes() for name, p in module.named_parameters()}
    return flags, buffers, parameters, list(module.state_dict())


def chance():
    """The states of every source of chance, comparable."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002  (the training's own)
    return torch.get_rng_state().tolist(), (name, keys.tolist(), rest), random.getstate()


def draw_everywhere():
    return torch.rand(1).item(), np.random.random(), random.random()  # noqa: NPY002  (the training's own)


def test_everything_is_put_back():
    module = Restless()
    state, dice = state_of(module), chance()
    with undisturbed(module):
        module(torch.randn(5, 3))
        draw_everywhere()
    assert state_of(module) == state
    assert chance() == dice


def test_everything_is_put_back_after_an_exception():
    module = Restless()
    state, dice = state_of(module), chance()

    def break_off():
        with undisturbed(module):
            module(torch.randn(5, 3))
            draw_everywhere()
            raise RuntimeError("mid-look")

    with pytest.raises(RuntimeError, match="mid-look"):
        break_off()
    assert state_of(module) == state
    assert chance() == dice
    assert torch.is_grad_enabled()


def test_buffers_that_change_in_eval_mode_are_put_back_bit_for_bit():
    norm = nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3))
    state = state_of(norm)
    with undisturbed(norm):
        for buffer in norm.buffers():
            buffer.mul_(-2)
    assert state_of(norm) == state


def test_inside_every_part_is_in_eval_mode_without_gradients():
    module = Restless()
    with undisturbed(module):
        assert not any(part.training for part in module.modules())
        assert not torch.is_grad_enabled()
        assert not module(torch.randn(2, 3)).requires_grad
    assert torch.is_grad_enabled()


def test_train_and_eval_of_the_module_are_not_called():
    class Loud(nn.Linear):
        def train(self, mode=True):
            raise AssertionError("an overridden train() may do anything")

    with undisturbed(Loud(2, 2)) as nothing:
        assert nothing is None


def test_a_module_in_eval_mode_stays_there():
    module = nn.Sequential(nn.Dropout()).eval()
    module[0].train()
    with undisturbed(module):
        assert not module[0].training
    assert (module.training, module[0].training) == (False, True)


def test_inside_all_chance_comes_from_the_seed():
    with undisturbed(None, seed=5):
        first = draw_everywhere()
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    random.seed(99)
    with undisturbed(None, seed=5):
        assert draw_everywhere() == first
    with undisturbed(None, seed=6):
        assert not set(draw_everywhere()) & set(first)


@pytest.mark.parametrize("seed", [0, 2**32 + 1])
def test_any_seed_will_do(seed):
    with undisturbed(None, seed=seed):
        assert len(draw_everywhere()) == 3


def test_an_accelerator_that_is_not_in_use_yet_is_not_seeded(monkeypatch):
    # torch.manual_seed would leave an order behind, carried out when the training first uses the device.
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    with undisturbed(None, seed=5):
        pass
    assert torch.cuda.is_initialized() or not seeded


def test_looks_may_be_nested():
    module = Restless()
    state, dice = state_of(module), chance()
    with undisturbed(module, seed=1):
        module(torch.randn(2, 3))
        middle = chance()
        with undisturbed(module, seed=2):
            module(torch.randn(2, 3))
        assert chance() == middle
        assert not module.training
    assert state_of(module) == state
    assert chance() == dice


def test_training_goes_on_as_if_nothing_had_looked():
    def train(look):
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 1))
        optimizer = torch.optim.Adam(module.parameters())
        for _ in range(5):
            module(torch.randn(16, 3)).square().mean().backward()
            if look:  # with gradients waiting
                with undisturbed(module):
                    module(torch.randn(7, 3))
            optimizer.step()
            optimizer.zero_grad()
        return state_of(module)[2]

    assert train(look=True) == train(look=False)


def test_a_look_between_forward_and_backward_is_not_noticed():
    """Autograd counts changes in place: running statistics that were put back would stop the training."""

    def slope(look):
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
        loss = module(torch.randn(16, 3)).square().mean()
        if look:
            with undisturbed(module, batch_statistics=True):
                module(torch.randn(7, 3))
        loss.backward()
        return module[0].weight.grad.tolist()

    assert slope(look=True) == slope(look=False)
