"""Which weights are taken, what is said about it, and what a person is told who has to give one more word."""

import json
import warnings
from pathlib import Path

import layouts
import nets
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import collapse_metrics as cm
from collapse_metrics import cli
from collapse_metrics.checkpoints import inspect_source, load_samples, open_source, save_bundle, score_source
from collapse_metrics.checkpoints.bundles import read_weights
from collapse_metrics.checkpoints.kinds import kind_of
from reference_gans import zoo


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    layouts.settle(tmp_path)
    return tmp_path


@pytest.fixture
def plain():
    """Real data of 16 values, quick to judge."""
    return cm.Reference.fit(real=torch.rand(300, 16, generator=torch.Generator().manual_seed(0)))


def same(opened, net, shape=(4,)):
    z = torch.randn(5, *shape, generator=torch.Generator().manual_seed(1))
    return torch.equal(opened.generator(z), net(z))


def test_a_running_average_is_taken_first_and_the_raw_weights_by_their_key():
    average = layouts.rosinality()
    opened = open_source("000000.pt", model="nets.py:G")
    assert same(opened, average)
    assert opened.about["averaged"]
    assert any("--key g_ema, a running average" in note for note in opened.notes)
    assert any("argparse.Namespace; loaded as inert data" in note for note in opened.notes)
    raw = open_source("000000.pt", model="nets.py:G", key="g")
    assert same(raw, nets.trained())
    assert not raw.about["averaged"]


def test_a_list_without_names_says_that_batch_norms_are_stale():
    average = layouts.fastgan_list()
    opened = open_source("all_10000.pth", model="nets.py:G")
    assert same(opened, average)
    assert opened.about["stale_buffers"]
    assert any("stale" in note for note in opened.notes)


def test_two_networks_that_fit_equally_well_are_not_guessed_between():
    torch.save({"one": nets.trained().state_dict(), "two": nets.trained(seed=1).state_dict()}, "twins.pt")
    with pytest.raises(ValueError, match="several networks that fit: choose by --key one or by --key two"):
        open_source("twins.pt", model="nets.py:G")
    assert same(open_source("twins.pt", model="nets.py:G", key="two"), nets.trained(seed=1))
    torch.save({"one": nets.trained().state_dict(), "two": nets.trained().state_dict()}, "same.pt")
    assert same(open_source("same.pt", model="nets.py:G"), nets.trained())


def test_a_prefix_can_be_given_and_a_wrong_key_is_answered_with_those_there():
    average = layouts.lightweight_gan()
    assert same(open_source("model_8.pt", model="nets.py:G"), average)
    assert same(open_source("model_8.pt", model="nets.py:G", prefix="G"), nets.trained())
    with pytest.raises(ValueError, match="no tensors under key 'ema', but under: GAN"):
        open_source("model_8.pt", model="nets.py:G", key="ema")


def test_a_network_that_does_not_fit_is_told_what_differs():
    layouts.dcgan()
    torch.save(nets.trained().state_dict(), "g.pt")
    with pytest.raises(ValueError, match=r"of another shape net.0.weight \(12, 4\) for \(12, 5\)"):
        open_source("g.pt", model="nets.py:G", model_args={"nz": "5"})
    with pytest.raises(ValueError, match=r"missing main.0.weight.*left over net.0.weight"):
        open_source("g.pt", model="nets.py:Convolved")


def test_weights_alone_are_answered_with_the_command_that_would_score_them():
    layouts.dcgan()
    with pytest.raises(ValueError, match=r"score netG_epoch_24.pth --model .* --latent 4,1,1"):
        open_source("netG_epoch_24.pth")


@pytest.mark.parametrize(
    ("model", "piece"),
    [
        ("nets.py", "module:callable"),
        ("nets.py:Gx", "has no 'Gx': it has .*G"),
        ("nowhere.py:G", "there is no file"),
        ("no_such_module_at_all:G", "no module 'no_such_module_at_all'"),
        ("nets.py:torch", "which is a module"),
    ],
)
def test_a_network_that_cannot_be_found_is_one_sentence(model, piece):
    torch.save(nets.trained().state_dict(), "g.pt")
    with pytest.raises(ValueError, match=piece):
        open_source("g.pt", model=model)
    with pytest.raises(ValueError, match=r"cannot be built \(TypeError.*--model-arg"):
        open_source("g.pt", model="nets.py:G", model_args={"depth": "5"})


def test_a_latent_is_told_from_the_first_layer_or_has_to_run():
    layouts.dcgan()
    assert open_source("netG_epoch_24.pth", model="nets.py:Convolved").latent == (4, 1, 1)
    assert open_source("netG_epoch_24.pth", model="nets.py:Convolved", latent="4,1,1").latent == (4, 1, 1)
    with pytest.raises(ValueError, match="does not run on noise of 7"):
        open_source("netG_epoch_24.pth", model="nets.py:Convolved", latent=7)
    with pytest.raises(ValueError, match="such as 100 or 100,1,1, got 'x1'"):
        open_source("netG_epoch_24.pth", model="nets.py:Convolved", latent="x1")


def test_a_bundle_is_scored_without_a_word_and_finds_its_reference(plain, here):
    save_bundle(nets.trained(), Path("b"), model="nets:G", latent=4, value_range=(0, 1), seed=3)
    plain.save("b/reference.safetensors")
    with pytest.raises(ValueError, match="add --model nets:G"):
        open_source("b")
    card = score_source("b", model="nets:G", n=150)
    assert card.provenance["reference_fingerprint"] == plain.fingerprint
    assert card.provenance["value_range"] == [0, 1]
    assert card.provenance["source"]["seed"] == 3


def test_the_shipped_bundles_need_no_option_and_are_the_generators_of_the_zoo():
    for name in zoo.names():
        opened, trained = open_source(zoo.ZOO / f"{name}.safetensors"), zoo.load(name)
        assert opened.kind == "bundle"
        assert same(opened, trained.generator, (trained.recipe.latent,))
    with pytest.raises(ValueError, match="names no reference of its data"):
        score_source(zoo.ZOO / "ring8_healthy.safetensors")


def test_samples_of_four_axes_come_channels_first_with_labels_and_range():
    pictures = layouts.npz()
    opened = open_source("samples.npz")
    assert (opened.samples[:, 0] == pictures).all()
    assert opened.labels.tolist() == [i % 3 for i in range(120)]
    np.savez("floats.npz", pictures[..., None].astype(np.float32))
    assert open_source("floats.npz").value_range == (0.0, 255.0)
    np.savez("unit.npz", pictures[..., None] / 255.0)
    assert open_source("unit.npz").value_range is None
    layouts.class_folders()
    assert open_source("by_class").labels.tolist() == [i // 20 for i in range(60)]
    layouts.hdf5()
    assert open_source("samples.hdf5").labels.tolist() == [i % 3 for i in range(120)]


def test_the_kind_is_told_by_content_whatever_the_file_is_called():
    for build in (layouts.npy, layouts.npz, layouts.tensor, layouts.hdf5, layouts.whole, layouts.safetensors):
        build()
    layouts.table(("to_csv", "rows.csv"))
    layouts.table(("to_parquet", "rows.parquet"))
    names = ("samples.npy", "samples.npz", "samples.pt", "samples.hdf5", "rows.csv", "rows.parquet", "generator.pt")
    for name in (*names, "generator.safetensors"):
        kind = kind_of(Path(name))
        Path(name).rename("renamed.xyz")
        assert kind_of(Path("renamed.xyz")) == kind
        Path("renamed.xyz").rename(name)
    assert load_samples("rows.csv").shape == (120, 16)


def test_statistics_and_single_pictures_are_not_samples():
    from PIL import Image

    np.savez("stats.npz", mu=np.zeros(4), sigma=np.eye(4))
    with pytest.raises(ValueError, match=r"statistics .* and no samples"):
        open_source("stats.npz")
    Image.new("L", (8, 8)).save("one.png")
    with pytest.raises(ValueError, match="one picture: a set of samples is needed"):
        open_source("one.png")


def test_inspect_names_the_maker_the_generator_and_the_command(capsys):
    layouts.rosinality()
    layouts.lightning()
    found = inspect_source("000000.pt")
    assert "rosinality" in found.maker
    assert found.generator == "likeliest --key g_ema, a running average"
    assert found.command.endswith("--model PACKAGE.MODULE:GENERATOR --key g_ema --latent 4")
    assert {group.key for group in found.groups} == {"g", "d", "g_ema"}
    assert found.inert == ("argparse.Namespace",)
    lightning = inspect_source("last.ckpt")
    assert lightning.maker == "Lightning"
    assert "--prefix generator." in lightning.command
    with pytest.raises(SystemExit) as stop:
        cli.main(["inspect", "000000.pt", "--json"])
    assert stop.value.code == 0
    assert json.loads(capsys.readouterr().out)["command"] == found.command


def test_inspect_runs_nothing_of_a_pickled_network():
    layouts.whole()
    found = inspect_source("generator.pt")
    assert "nets.G" in found.unsafe
    assert found.forbidden == ()
    assert found.groups[0].tensors == 9


@pytest.mark.parametrize("build", [one.build for one in layouts.LAYOUTS if "compiled" not in one.words])
def test_inspect_has_a_word_on_every_layout(build, here):
    before = set(here.iterdir())
    with warnings.catch_warnings():
        build()
    for path in set(here.iterdir()) - before:
        assert str(inspect_source(path)).startswith(f"{path}: ")


def test_a_trusted_pickle_needs_its_code_and_says_that_it_ran():
    layouts.stylegan()
    opened = open_source("network-snapshot-000100.pkl", trust_pickle=True, key="G")
    assert same(opened, nets.trained())
    assert any("ran code" in note for note in opened.notes)


def test_weights_outlive_their_file(here):
    """A training may write its next ones into the file while the last are judged."""
    save_file({"w": torch.arange(2000.0)}, here / "w.safetensors")
    weights = read_weights(here / "w.safetensors")
    (here / "w.safetensors").write_bytes(b"")
    assert torch.equal(weights["w"], torch.arange(2000.0))
