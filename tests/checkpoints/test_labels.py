"""Every label by itself: one picture under a label, the wrong class under a label, and generators that take labels."""

import layouts
import nets
import numpy as np
import pytest
import torch
from torch import nn

import collapse_metrics as cm
from collapse_metrics.checkpoints import open_source, score_source
from collapse_metrics.checkpoints.classes import per_label


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    layouts.settle(tmp_path)
    return tmp_path


@pytest.fixture
def plain():
    """Real data of 16 values, quick to judge."""
    return cm.Reference.fit(real=torch.rand(300, 16, generator=torch.Generator().manual_seed(0)))


class TestLabels:
    """Three classes on a line of 16 values, far apart; the generator draws one picture under the label 1."""

    @pytest.fixture
    def real(self):
        rng = torch.Generator().manual_seed(0)
        rows = torch.rand(600, 16, generator=rng)
        rows[:, 0] += 20 * (torch.arange(600) % 3)
        centres = torch.full((3, 16), 0.5)
        centres[:, 0] += 20 * torch.arange(3)
        return cm.Reference.fit(real=rows, modes=centres)

    def samples(self):
        rng = torch.Generator().manual_seed(1)
        rows, labels = torch.rand(300, 16, generator=rng), torch.arange(300) % 3
        rows[:, 0] += 20 * labels
        rows[labels == 1] = rows[1] + 0.01 * rows[labels == 1]
        return rows, labels

    def test_a_label_that_is_one_picture_is_called_collapsed_and_the_others_are_clear(self, real):
        rows, labels = self.samples()
        seen = {one.label: one for one in per_label(rows, labels.numpy(), real, value_range=None)}
        assert seen["1"].says.startswith("collapsed")
        assert seen["1"].diversity < 0.05
        assert seen["0"].says == seen["2"].says == "clear"
        assert seen["0"].diversity == pytest.approx(1.0, abs=0.1)
        assert seen["2"].agreement == pytest.approx(1.0, abs=0.1)

    def test_a_label_drawn_as_another_class_is_said_so(self, real):
        rows, labels = self.samples()
        seen = per_label(rows, ((labels + 1) % 3).numpy(), real, value_range=None)
        assert all("another class" in one.says for one in seen)

    def test_few_samples_of_a_label_are_no_verdict(self, real):
        rows, labels = self.samples()
        (seen, *_) = per_label(rows[:30], labels[:30].numpy(), real, value_range=None)
        assert seen.says == "not checked: 20 samples are needed, got 10"

    def test_the_command_takes_labels_from_the_file_and_one_of_them_alone(self, real, capsys):
        rows, labels = self.samples()
        np.savez("s.npz", rows.numpy(), labels.numpy())
        real.save("real.safetensors")
        card = score_source("s.npz", reference="real.safetensors", per_class=True)
        assert [one["label"] for one in card.provenance["per_class"]] == ["0", "1", "2"]
        assert card["within_class_diversity[1]"].value < 0.05
        assert card.finding("intra_mode_collapse").status == "found"
        assert "samples of the labels 1" in card.finding("intra_mode_collapse").evidence
        assert card.verdict not in ("healthy", "inconclusive")
        one = score_source("s.npz", reference="real.safetensors", condition=2)
        assert one.provenance["n_fake"] == 100
        with pytest.raises(ValueError, match="the labels are 0, 1, 2"):
            score_source("s.npz", reference="real.safetensors", condition=7)
        np.save("s.npy", rows.numpy())
        with pytest.raises(ValueError, match="needs labels"):
            score_source("s.npy", reference="real.safetensors", per_class=True)


def test_a_conditional_generator_is_drawn_under_every_label_or_one(plain):
    g = layouts.conditional()
    opened = open_source("conditional.pth", model="nets.py:ByLabel")
    assert opened.labels.tolist() == [0, 1, 2]
    card = score_source("conditional.pth", model="nets.py:ByLabel", reference=plain, n=90, condition=1)
    wanted = cm.score(generator=lambda z: g(z, torch.ones(len(z), dtype=torch.long)), latent=4, n=90, reference=plain)
    assert card.provenance["samples_sha256"] == wanted.provenance["samples_sha256"]
    every = score_source("conditional.pth", model="nets.py:ByLabel", reference=plain, n=90, per_class=True)
    assert [one["n"] for one in every.provenance["per_class"]] == [30, 30, 30]
    with pytest.raises(ValueError, match="classes 0 to 2, got 'x'"):
        score_source("conditional.pth", model="nets.py:ByLabel", reference=plain, n=90, condition="x")


def test_labels_that_cannot_be_counted_are_asked_for():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 16)

        def forward(self, z, y):
            return self.linear(z) + y

    nets.Pair = Pair
    torch.save(Pair().state_dict(), "pair.pt")
    with pytest.raises(ValueError, match="say how many classes with --classes"):
        open_source("pair.pt", model="nets:Pair")
    del nets.Pair
