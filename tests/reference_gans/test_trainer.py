"""The loop: same seed, same run; observers; who moves when; rates, averages and pushes."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from reference_gans.cures._base import Cure
from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import Push, follow, set_learning_rates, train

RING = replace(RECIPES["ring8_healthy"], batch=16, steps=20, memory=0.9, decay_from=0.5)


def parameters(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def test_the_same_seed_gives_the_same_run_bit_for_bit():
    first, again, other = (train(build(RING, seed)) for seed in (3, 3, 4))
    for net in ("generator", "discriminator", "average"):
        assert torch.equal(parameters(getattr(first, net)), parameters(getattr(again, net)))
        assert not torch.equal(parameters(getattr(first, net)), parameters(getattr(other, net)))


def test_training_in_two_parts_is_training_in_one():
    whole, parts = train(build(RING, 0)), build(RING, 0)
    train(parts, steps=7)
    assert parts.step == 7
    train(parts)
    assert parts.step == 20
    assert torch.equal(parameters(parts.generator), parameters(whole.generator))


def test_torchs_own_chance_is_neither_used_nor_moved():
    before = torch.random.get_rng_state()
    first = train(build(RING, 0))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.randn(100)
    assert torch.equal(parameters(train(build(RING, 0)).generator), parameters(first.generator))


def test_a_look_between_two_steps_changes_nothing():
    def look(run):
        run.generator(torch.randn(8, run.latent))

    assert torch.equal(
        parameters(train(build(RING, 0), observers=[look]).generator),
        parameters(train(build(RING, 0)).generator),
    )


def test_observers_see_every_step_and_fresh_losses():
    seen = []
    train(build(RING, 0), observers=iter([lambda run: seen.append((run.step, run.d_loss, run.g_loss))]))
    assert [step for step, *_ in seen] == list(range(1, 21))
    assert all(torch.tensor(seen).isfinite().flatten())
    assert len({g_loss for *_, g_loss in seen}) == 20


def test_the_discriminator_moves_once_in_g_steps():
    run, moved = build(replace(RING, g_steps=5), 0), []
    last = {"d": parameters(run.discriminator), "g": parameters(run.generator)}

    def watch(run):
        now = {"d": parameters(run.discriminator), "g": parameters(run.generator)}
        moved.append((not torch.equal(now["d"], last["d"]), not torch.equal(now["g"], last["g"])))
        last.update(now)

    train(run, observers=[watch])
    assert [d for d, _ in moved] == [step % 5 == 0 for step in range(20)]
    assert all(g for _, g in moved)


def test_the_generators_step_leaves_no_slope_in_the_discriminator():
    run = build(replace(RING, g_steps=100), 0)
    train(run, steps=1)
    kept = [p.grad.clone() for p in run.discriminator.parameters()]
    train(run, steps=1)
    assert all(torch.equal(p.grad, k) for p, k in zip(run.discriminator.parameters(), kept, strict=True))


@pytest.mark.parametrize(("step", "share"), [(1, 1.0), (50, 1.0), (75, 0.5), (90, 0.2), (100, 0.01)])
def test_rates_fall_in_a_straight_line_after_decay_from(step, share):
    run = build(replace(RING, steps=100, g_lr=1e-3, d_lr=4e-3), 0)
    run.step = step
    set_learning_rates(run)
    assert run.g_optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 * share)
    assert run.d_optimizer.param_groups[0]["lr"] == pytest.approx(4e-3 * share)


def test_without_decay_rates_stay_even_past_the_end():
    run = build(replace(RING, decay_from=1.0), 0)
    run.step = run.steps + 5
    set_learning_rates(run)
    assert run.g_optimizer.param_groups[0]["lr"] == RING.g_lr


def test_average_follows_weights_and_batch_norm():
    mean, new = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    with torch.no_grad():
        new.weight.fill_(3.0)
        new.running_mean.fill_(10.0)
        new.num_batches_tracked.fill_(7)
    follow(mean, new, memory=0.9)
    assert torch.allclose(mean.weight, torch.full((2,), 0.9 * 1 + 0.1 * 3))
    assert torch.allclose(mean.running_mean, torch.full((2,), 1.0))
    assert mean.num_batches_tracked == 7


def test_average_is_the_exponential_mean_of_the_run():
    run = build(RING, 0)
    by_hand = [parameters(run.generator)]
    train(run, observers=[lambda run: by_hand.append(0.9 * by_hand[-1] + 0.1 * parameters(run.generator))])
    assert torch.allclose(parameters(run.average), by_hand[-1], atol=1e-6)
    assert not any(p.requires_grad for p in run.average.parameters())


def test_a_push_acts_at_its_step_and_at_no_other():
    def freeze(run):
        run.d_lr = run.g_lr = 0.0

    states = []
    recipe = replace(RING, push=Push(step=8, change=freeze, until=12))
    run = train(build(recipe, 0), observers=[lambda run: states.append(parameters(run.generator))])
    still = [bool(torch.equal(a, b)) for a, b in pairwise(states)]
    assert still == [False] * 6 + [True] * 13
    assert torch.equal(states[6], parameters(train(build(RING, 0), steps=7).generator))
    assert run.step == 20


def test_a_push_is_repeated_until_its_end():
    at = []
    recipe = replace(RING, push=Push(step=8, change=lambda run: at.append(run.step), until=11))
    train(build(recipe, 0))
    assert at == [8, 9, 10, 11]


def plain_loop(run, steps):
    """The loop as it is told in a textbook: one discriminator step, one generator step, two slope penalties."""

    def steep(x):
        x = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(run.discriminator(x).sum(), x, create_graph=True)
        return slope.flatten(1).square().sum(dim=1).mean()

    for run.step in range(1, steps + 1):
        set_learning_rates(run)
        real = run.data.batch(run.batch, run.rng)
        with torch.no_grad():
            fake = run.generator(torch.randn(run.batch, run.latent, generator=run.rng))
        real_logits, fake_logits = run.discriminator(real), run.discriminator(fake)  # slopes add up in this order
        d_loss = softplus(fake_logits - real_logits).mean()
        run.d_optimizer.zero_grad()
        (d_loss + (0.05 * steep(real) + 0.05 * steep(fake))).backward()
        run.d_optimizer.step()
        fake = run.generator(torch.randn(run.batch, run.latent, generator=run.rng))
        g_loss = softplus(run.discriminator(real) - run.discriminator(fake)).mean()
        run.g_optimizer.zero_grad()
        g_loss.backward()
        run.g_optimizer.step()
        follow(run.average, run.generator, run.memory)
    return run


def test_the_loop_with_its_hooks_is_the_plain_loop_bit_for_bit():
    hooked, plain = train(build(RING, 0)), plain_loop(build(RING, 0), RING.steps)
    for net in ("generator", "discriminator", "average"):
        assert torch.equal(parameters(getattr(hooked, net)), parameters(getattr(plain, net)))
    assert torch.equal(hooked.rng.get_state(), plain.rng.get_state())


def test_a_critic_takes_several_steps_each_on_fresh_samples():
    batches, moves = [], []

    class Spy(Cure):
        def d_penalty(self, d, real, fake, run):
            batches.append((real, fake))
            return torch.zeros(())

        def after_d_step(self, run):
            moves.append(parameters(run.discriminator))

    train(build(replace(RING, d_steps=3, cures=(Spy(),)), 0), steps=2)
    assert len(moves) == len(batches) == 6
    assert not any(torch.equal(a, b) for a, b in pairwise(moves))
    for (real, fake), (next_real, next_fake) in pairwise(batches):
        assert not torch.equal(real, next_real)
        assert not torch.equal(fake, next_fake)


class Diary(Cure):
    """A cure that changes nothing and writes down when it is asked."""

    def __init__(self):
        self.calls = []

    def discriminator(self, d):
        self.calls.append("discriminator")
        return d

    def game(self, game):
        self.calls.append("game")
        return game

    def seen(self, x, run):
        self.calls.append("seen")
        return x

    def labels(self, real, fake, run):
        self.calls.append("labels")
        return real, fake

    def d_penalty(self, d, real, fake, run):
        self.calls.append("d_penalty")
        return 0 * d(real).sum()

    def after_d_step(self, run):
        self.calls.append("after_d_step")

    def opponent(self, d, real, fake, run):
        self.calls.append("opponent")
        return d

    def g_penalty(self, d, z, real, fake, run):
        self.calls.append("g_penalty")
        assert torch.equal(run.generator(z), fake)
        return 0 * d(fake).sum()

    def after_step(self, run):
        self.calls.append("after_step")


def test_cures_take_part_through_their_hooks_in_the_order_of_the_docs():
    diary = Diary()
    train(build(replace(RING, cures=(diary,)), 0), steps=1)
    d_turn = ["seen", "seen", "labels", "d_penalty", "seen", "after_d_step"]
    g_turn = ["opponent", "seen", "seen", "g_penalty", "seen", "after_step"]
    assert diary.calls == ["discriminator", "game", *d_turn, *g_turn]
