"""Among StyleGAN's metrics: called as ``metric_main`` calls them, on a generator that is called as theirs."""

import json
import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import collapse_metrics as cm
from collapse_metrics.monitor.stylegan import VALUES, collapse_metric


class Synthesis(nn.Module):
    """Called ``G(z=..., c=..., noise_mode=...)``, with noise of its own; tells each class by the sign of a pixel."""

    def __init__(self, c_dim=0):
        super().__init__()
        self.z_dim, self.c_dim = 4, c_dim
        self.layers = nn.Linear(4, 2)
        self.classes = []

    def forward(self, z, c, noise_mode="random"):
        self.classes.append(c)
        noise = torch.randn(len(z), 2, device=z.device) if noise_mode == "random" else 0
        return self.layers(z) + 0.1 * noise


class MetricMain:
    """``register_metric`` and ``calc_metric`` as StyleGAN2-ADA, StyleGAN3 and R3GAN have them, without the network."""

    def __init__(self):
        self.metrics = {}

    def register_metric(self, metric):
        assert callable(metric)
        self.metrics[metric.__name__] = metric
        return metric

    def calc_metric(self, metric, **of_the_run):
        defaults = {"G": None, "G_kwargs": {}, "dataset_kwargs": {}, "num_gpus": 1, "rank": 0, "device": "cpu"}
        results = self.metrics[metric](SimpleNamespace(**defaults | of_the_run))
        return {
            "results": {name: float(torch.as_tensor(value, dtype=torch.float64)) for name, value in results.items()},
            "metric": metric,
        }


@pytest.fixture(scope="module")
def spread():
    real = torch.randn(400, 2, generator=torch.Generator().manual_seed(1))
    return cm.Reference.fit(real=real)


def registered(spread, **options):
    main = MetricMain()
    main.register_metric(collapse_metric(n=500, reference=spread, **options))
    return main


def test_it_is_registered_under_the_name_of_its_size(spread):
    assert list(registered(spread).metrics) == ["collapse500"]
    assert collapse_metric(n=2000).__name__ == "collapse2k"


def test_its_numbers_are_those_of_a_score(spread):
    g = Synthesis()
    results = registered(spread).calc_metric("collapse500", G=g, G_kwargs={"noise_mode": "none"})["results"]
    card = cm.score(generator=lambda z: g(z, None, "none"), latent=4, n=500, reference=spread, value_range=(-1, 1))
    assert list(results) == [f"collapse500_{name}" for name in VALUES]
    assert results["collapse500_coverage"] == card["coverage"].value
    assert results["collapse500_severity"] == card.severity
    json.dumps(results)


def test_ranks_return_the_same_names(spread):
    """What rank 0 returns is sent to the others name by name: another name, and they wait for each other."""
    main, g = registered(spread), Synthesis()
    names = [list(main.calc_metric("collapse500", G=g, rank=rank, num_gpus=2)["results"]) for rank in (0, 1)]
    assert names[0] == names[1]
    assert len(g.classes) == 0, "the generator of the run is copied before it is asked"


def test_nothing_of_the_run_changes(spread):
    g = Synthesis().train()
    before = {name: value.clone() for name, value in g.state_dict().items()}
    chance = torch.get_rng_state()
    registered(spread).calc_metric("collapse500", G=g)
    assert torch.equal(chance, torch.get_rng_state())
    assert g.training
    assert all(p.requires_grad for p in g.parameters())
    assert all(torch.equal(before[name], value) for name, value in g.state_dict().items())


def test_an_error_is_a_warning_and_the_run_goes_on(spread):
    """A number that is not there is worth less than a run of days."""
    g = Synthesis()
    g.layers = nn.Linear(4, 3)  # other data than the reference's
    with pytest.warns(UserWarning, match="collapse500 failed and is NaN .*Training goes on"):
        results = registered(spread).calc_metric("collapse500", G=g)["results"]
    assert set(results) == {f"collapse500_{value}" for value in VALUES}
    assert all(math.isnan(value) for value in results.values())


def test_the_same_run_gives_the_same_numbers(spread):
    main, g = registered(spread), Synthesis()
    assert main.calc_metric("collapse500", G=g) == main.calc_metric("collapse500", G=g)


class Tells(Synthesis):
    """Copies share the list of what they were asked."""

    def __deepcopy__(self, memo):
        return self


def test_all_classes_are_asked_equally_often(spread):
    g = Tells(c_dim=5)
    registered(spread).calc_metric("collapse500", G=g)
    classes = torch.cat(g.classes[:2])
    assert classes.shape == (500, 5)
    assert set(classes[:500].sum(dim=0).tolist()) <= {99.0, 100.0, 101.0, 102.0}


def test_labels_may_be_drawn_as_in_the_data(spread):
    g = Tells(c_dim=2)
    only = collapse_metric(
        n=500, reference=spread, labels=lambda n, rng: torch.eye(2)[torch.zeros(n, dtype=torch.long)]
    )
    only(SimpleNamespace(G=g, G_kwargs={}, rank=0, num_gpus=1, device="cpu"))
    assert torch.cat(g.classes).sum(dim=0)[1] == 0
