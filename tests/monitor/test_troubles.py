"""Does trouble with the disk, a measure, a logger or the generator ever reach the training? One warning, a record."""

import os
import resource
import warnings

import pytest
import torch
from torch import nn

import collapse_metrics as cm
from collapse_metrics.history import HISTORY_FILE, MOST_ERRORS, History

STEPS = 6


@pytest.fixture(scope="module")
def plane():
    real = torch.randn(300, 2, generator=torch.Generator().manual_seed(1))
    return cm.Reference.fit(real=real, name="plane")


def trained(plane, **options):
    """Weights and monitor of a short training, and the warnings that were given meanwhile."""
    torch.manual_seed(0)
    generator = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)
    options = {"latent": 2, "every": 1, "n": 64, "probes": False, "print_to": None, **options}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        monitor = cm.Monitor(generator, optimizer=optimizer, reference=plane, **options)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = generator(torch.randn(16, 2)).square().mean()
            loss.backward()
            monitor.log(g_loss=loss)
            optimizer.step()
        monitor.close()
    return generator.weight.detach().clone(), monitor, [str(warning.message) for warning in told]


@pytest.fixture(scope="module")
def untroubled(plane):
    return trained(plane)[0]


def assert_told_once(told, monitor, words):
    assert len(told) == 1, told
    assert words in told[0]
    assert "Training goes on" in told[0]
    assert len(monitor.history.errors) >= STEPS  # every time is on record


def small_files(most):
    """A disk that ends: no file of this process may grow beyond ``most`` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def test_a_disk_that_fills_up_is_one_warning_and_a_readable_record(plane, untroubled, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    one = trained(plane, log_dir=tmp_path / "whole")[1]
    size = (tmp_path / "whole" / HISTORY_FILE).stat().st_size
    try:
        small_files(size * 2 // 5)
        weights, monitor, told = trained(plane, log_dir=tmp_path / "run")
    finally:
        small_files(before)
    assert torch.equal(weights, untroubled)
    assert len(told) == 1
    assert "File too large" in told[0]
    assert monitor.history.steps == one.history.steps  # nothing is lost in memory
    kept = History.read(tmp_path / "run")
    assert 0 < len(kept.steps) < STEPS
    assert kept.steps == one.history.steps[: len(kept.steps)]
    assert (tmp_path / "run" / HISTORY_FILE).read_bytes().endswith(b"\n")
    monitor.history.add("about", freed=True)  # there is room again: what waited is written
    assert History.read(tmp_path / "run").steps == one.history.steps


@pytest.fixture(
    params=["a file in its place", "a folder where nothing can be made", "a folder that may not be changed"]
)
def unwritable(request, tmp_path):
    """A folder that cannot be written, even by the mighty."""
    if request.param == "a file in its place":
        (tmp_path / "run").write_text("here is no folder")
        yield tmp_path / "run"
    elif request.param == "a folder where nothing can be made":
        yield "/proc/self/run"
    else:
        (tmp_path / "run").mkdir(mode=0o555)
        mighty = os.geteuid() == 0
        if mighty:
            os.seteuid(65534)  # nobody
        yield tmp_path / "run"
        if mighty:
            os.seteuid(0)


def test_a_folder_that_cannot_be_written_is_one_warning(plane, untroubled, unwritable):
    weights, monitor, told = trained(plane, log_dir=unwritable)
    assert torch.equal(weights, untroubled)
    assert_told_once(told, monitor, "starting the history failed")
    assert monitor.history.steps == list(range(1, STEPS + 1))


def test_an_exception_in_a_measure_is_one_warning_and_a_record(plane, untroubled, monkeypatch, tmp_path):
    def broken(*_, **__):
        raise ZeroDivisionError("a measure divided by zero")

    monkeypatch.setattr("collapse_metrics.monitor.looking.measure_look", broken)
    weights, monitor, told = trained(plane, log_dir=tmp_path)
    assert torch.equal(weights, untroubled)
    assert_told_once(told, monitor, "a measure divided by zero")


def test_a_logger_that_fails_is_one_warning_and_the_looks_go_on(plane, untroubled, tmp_path):
    def wall(values, step):
        raise ConnectionError("the wall is gone")

    weights, monitor, told = trained(plane, log_dir=tmp_path, sinks=[wall])
    assert torch.equal(weights, untroubled)
    assert_told_once(told, monitor, "wall failed with ConnectionError: the wall is gone")
    assert History.read(tmp_path).steps == list(range(1, STEPS + 1))


def test_many_errors_do_not_fill_the_memory():
    history = History()
    for step in range(MOST_ERRORS + 5):
        history.add("error", step=step, what="the check", error="it broke")
    assert len(history.errors) == MOST_ERRORS


def test_nan_is_a_finding_on_disk_and_no_warning(plane, tmp_path):
    class Diverged(nn.Linear):
        def forward(self, z):
            return super().forward(z) + float("nan")

    sent = []
    generator = Diverged(2, 2)
    monitor = cm.Monitor(generator, latent=2, every=1, n=64, reference=plane, log_dir=tmp_path, print_to=None)
    monitor.check()
    assert monitor.history.errors == []
    (card,) = History.read(tmp_path).checks
    assert card.verdict == "broken"
    assert [finding.name for finding in card.found] == ["non_finite"]
    from collapse_metrics.monitor.sinks import Sinks

    Sinks([lambda values, step: sent.append(values)]).look(card, step=1)
    assert sent[0]["collapse/finite_share"] == 0.0
