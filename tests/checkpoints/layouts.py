"""How do generators lie on disk? One entry a layout: who writes it, what is in it, and the command that scores it.

``docs/checkpoints.md`` shows this table (``python -m tests.checkpoints.layouts`` prints it), and the tests build every
file with the library that writes it, or, where that cannot be installed beside this package, as its source does.
"""

import argparse
import collections
import pickle
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.checkpoints import nets

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Layout:
    """One way in which makers write generators or samples.

    ``words`` are the command after ``collapse-metrics score``; ``build`` writes the file into the working directory
    and returns the generator or the samples that the command must judge.
    """

    maker: str
    holds: str
    words: str
    build: Callable[[], Any]

    @property
    def name(self):
        return f"{self.maker}: {self.words.split()[0]}"


def pictures(n=120):
    return torch.rand(n, 4, 4, generator=torch.Generator().manual_seed(5)).mul(255).round().byte().numpy()


def npz():
    np.savez("samples.npz", pictures()[..., None], np.arange(120) % 3)
    return pictures()


def npy():
    np.save("samples.npy", pictures())
    return pictures()


def tensor():
    torch.save(torch.from_numpy(pictures()), "samples.pt")
    return pictures()


def folder():
    from torchvision.utils import save_image

    Path("fakes").mkdir()
    for index, picture in enumerate(pictures(60)):
        save_image(torch.from_numpy(picture)[None] / 255, f"fakes/{index:03d}.png")
    return pictures(60)[:, None].repeat(3, 1)  # torchvision writes grey pictures in three colours


def class_folders():
    from PIL import Image

    for index, picture in enumerate(pictures(60)):
        Path(f"by_class/{index // 20}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(f"by_class/{index // 20}/{index:03d}.png")
    return pictures(60)


def hdf5():
    import h5py

    with h5py.File("samples.hdf5", "w") as file:
        file.create_dataset("imgs", data=pictures()[:, None], chunks=(20, 1, 4, 4), compression="lzf")
        file.create_dataset("labels", data=np.arange(120) % 3)
    return pictures()[:, None]


def table(to):
    import pandas as pd

    rows = pictures().reshape(120, 16) / 255.0
    getattr(pd.DataFrame(rows, columns=[f"c{i}" for i in range(16)]), to[0])(to[1], index=False)
    return rows


def dcgan():
    g = nets.trained(nets.Convolved)
    torch.save(g.state_dict(), "netG_epoch_24.pth")
    return g


def studiogan():
    g = nets.trained()
    state = {"state_dict": g.state_dict(), "optimizer": adam(g), "seed": 1, "best_fid": np.float64(9.5), "topk": "None"}
    torch.save(state, "model=G_ema-best-weights-step=100.pth")
    return g


def adam(net):
    """The state of an optimizer that has taken a step."""
    optimizer = torch.optim.Adam(net.parameters())
    for weight in net.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    return optimizer.state_dict()


def mimicry():
    g = nets.trained()
    torch.save({"model_state_dict": g.state_dict(), "optimizer_state_dict": adam(g), "global_step": 9}, "netG_9_steps.pth")
    return g


def lightweight_gan():
    both = nets.Both()
    both.G, both.GE = nets.trained(), nets.trained(seed=1)
    torch.save({"GAN": both.state_dict(), "version": "1.2.1", "G_scaler": {}, "D_scaler": {}}, "model_8.pt")
    return both.GE


def rosinality():
    g, average, d = nets.trained(), nets.trained(seed=1), nets.D()
    state = {"g": g.state_dict(), "d": d.state_dict(), "g_ema": average.state_dict(), "g_optim": adam(g)}
    torch.save(state | {"args": argparse.Namespace(size=4, latent=4), "ada_aug_p": 0.1}, "000000.pt")
    return average


def fastgan():
    g, d = nets.trained(), nets.D()
    torch.save({"g": nn.DataParallel(g).state_dict(), "d": nn.DataParallel(d).state_dict()}, "10000.pth")
    return g


def fastgan_list():
    g, average = nets.trained(), nets.trained(seed=1)
    averaged = [weight.detach().clone() for weight in average.parameters()]
    torch.save({"g": nn.DataParallel(g).state_dict(), "d": {}, "g_ema": averaged, "opt_g": adam(g)}, "all_10000.pth")
    for name, statistics in dict(g.named_buffers()).items():  # a list has none: those of the raw generator stay
        average.get_buffer(name).copy_(statistics)
    return average


def shadow():
    g = nets.trained()
    averaged = [weight.detach().clone() for weight in g.parameters()]
    torch.save({"decay": 0.99, "optimization_step": 3, "shadow_params": averaged, "net": g.state_dict()}, "ema_3.pt")
    return g


def ema_pytorch():
    g, average = nets.trained(), nets.trained(seed=1)
    state = {"initted": torch.tensor(True), "step": torch.tensor(3)}
    state |= {f"online_model.{name}": held for name, held in g.state_dict().items()}
    torch.save(state | {f"ema_model.{name}": held for name, held in average.state_dict().items()}, "ema-3.pt")
    return average


def averaged_model():
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    g = nets.trained()
    average = AveragedModel(g, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    average.update_parameters(g)
    torch.save(average.state_dict(), "averaged.pt")
    return average.module


def compiled():
    g = nets.trained()
    torch.save(nn.DataParallel(torch.compile(g)).state_dict(), "compiled.pt")
    return g


def ignite():
    from ignite.engine import Engine
    from ignite.handlers import Checkpoint, DiskSaver

    g, d = nets.trained(), nets.D()
    saver = DiskSaver(".", create_dir=False, require_empty=False)
    Checkpoint({"netG": g, "netD": d}, saver, filename_pattern="ckpt_2.pt")(Engine(lambda engine, batch: None))
    return g


def lightning():
    import lightning

    class Gan(lightning.LightningModule):
        def __init__(self, nz, paths):
            super().__init__()
            self.save_hyperparameters()
            self.generator, self.discriminator = nets.trained(), nets.D()

        def configure_optimizers(self):
            return torch.optim.Adam(self.generator.parameters())

        def training_step(self, batch, index):
            return self.generator(batch).mean() * 0

    gan = Gan(nz=4, paths=[Path("data")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own advice on workers and loggers
        trainer = lightning.Trainer(
            max_steps=1, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
            enable_checkpointing=False, barebones=False,
        )  # fmt: skip
        trainer.fit(gan, torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=8))
        trainer.save_checkpoint("last.ckpt")
    return gan.generator.eval()


def omegaconf():
    from omegaconf import OmegaConf

    g = nets.trained()
    config = OmegaConf.create({"nz": 4, "widths": [1, 2], "name": "run"})
    torch.save({"generator": g.state_dict(), "cfg": config, "history": collections.defaultdict(list, d=[1.0])}, "hydra.pt")
    return g


def hifigan():
    g = nets.trained()
    torch.save({"generator": g.state_dict()}, "g_00000000")
    return g


def hub():
    from huggingface_hub import PyTorchModelHubMixin

    class Shared(nets.G, PyTorchModelHubMixin):
        pass

    g = Shared(nz=4, hidden=10).eval()
    g.save_pretrained("hub")
    return g


def safetensors():
    from safetensors.torch import save_model

    g = nets.trained()
    save_model(g, "generator.safetensors")
    return g


def whole():
    g = nets.trained()
    torch.save(g, "generator.pt")
    return g


def stylegan():
    g, average = nets.trained(), nets.trained(seed=1)
    with Path("network-snapshot-000100.pkl").open("wb") as file:
        pickle.dump({"G": g, "D": nets.D(), "G_ema": average, "training_set_kwargs": {"path": "data"}}, file)
    return average


def old():
    g = nets.trained()
    torch.save({"netG": g.state_dict(), "epoch": 3}, "old.pth", _use_new_zipfile_serialization=False)
    return g


def exported(batch):
    g = nets.trained()
    shapes = ({0: torch.export.Dim("batch")},) if batch is None else None
    program = torch.export.export(g, (torch.randn(batch or 8, 4),), dynamic_shapes=shapes)
    torch.export.save(program, "generator.pt2" if batch is None else "frozen.pt2")
    return g


def scripted():
    g = nets.trained()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, and still what many files are
        torch.jit.save(torch.jit.trace(g, torch.randn(2, 4)), "scripted.pt")
    return g


def onnx():
    from onnx import TensorProto, helper, numpy_helper, save

    g = nets.trained()
    linear, norm, last = g.net[0], g.net[1], g.net[3]
    held = {"w1": linear.weight, "b1": linear.bias, "s": norm.weight, "b": norm.bias, "m": norm.running_mean}
    held |= {"v": norm.running_var, "w2": last.weight, "b2": last.bias, "shape": torch.tensor([-1, 1, 4, 4])}
    nodes = [
        helper.make_node("Gemm", ["z", "w1", "b1"], ["h"], transB=1),
        helper.make_node("BatchNormalization", ["h", "s", "b", "m", "v"], ["n"]),
        helper.make_node("Relu", ["n"], ["r"]),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["o"], transB=1),
        helper.make_node("Sigmoid", ["o"], ["p"]),
        helper.make_node("Reshape", ["p", "shape"], ["x"]),
    ]
    graph = helper.make_graph(
        nodes,
        "generator",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(tensor.detach().numpy(), name) for name, tensor in held.items()],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "generator.onnx")
    return g


def bundle():
    from collapse_metrics.checkpoints import save_bundle

    g = nets.trained(hidden=9)
    save_bundle(g, Path("bundle"), model="nets:G", model_args={"hidden": 9}, latent=4, step=100)
    return g


def resumed():
    from reference_gans import bundle
    from reference_gans.recipes import RECIPES, build

    run = build(RECIPES["ring8_healthy"])
    bundle.save(run, "run.pt")
    return run.generator.eval()


def conditional():
    g = nets.trained(nets.ByLabel)
    torch.save({"netG": g.state_dict()}, "conditional.pth")
    return g


NETS = "--model nets.py:G"

LAYOUTS = [
    Layout("guided-diffusion and many others", "`arr_0` (n, h, w, channels) bytes, `arr_1` labels", "samples.npz", npz),
    Layout("NumPy", "one array", "samples.npy", npy),
    Layout("torch.save", "one tensor of samples", "samples.pt", tensor),
    Layout("torchvision, torch-fidelity, clean-fid", "a folder of pictures", "fakes/", folder),
    Layout("torchvision's ImageFolder", "a folder a class", "by_class/", class_folders),
    Layout("StudioGAN's dump", "HDF5 with `imgs` and `labels`", "samples.hdf5", hdf5),
    Layout("SDV, CTGAN and other tables", "CSV with a header", "rows.csv", lambda: table(("to_csv", "rows.csv"))),
    Layout("tables", "Parquet", "rows.parquet", lambda: table(("to_parquet", "rows.parquet"))),
    Layout("pytorch/examples dcgan", "a bare state_dict", "netG_epoch_24.pth --model nets.py:Convolved", dcgan),
    Layout("StudioGAN", "`state_dict`, `optimizer`, best scores", f"model=G_ema-best-weights-step=100.pth {NETS}", studiogan),
    Layout("mimicry", "`model_state_dict`, `global_step`", f"netG_9_steps.pth {NETS}", mimicry),
    Layout("lightweight-gan", "`GAN` with `G.`, `GE.` (average), `D.`", f"model_8.pt {NETS}", lightweight_gan),
    Layout("rosinality's StyleGAN2 and its forks", "`g`, `d`, `g_ema`, `args`", f"000000.pt {NETS}", rosinality),
    Layout("FastGAN, N.pth", "`g` with `module.`", f"10000.pth {NETS}", fastgan),
    Layout("FastGAN, all_N.pth", "`g_ema`: a list without names", f"all_10000.pth {NETS}", fastgan_list),
    Layout("diffusers' EMAModel", "`shadow_params`: a list without names", f"ema_3.pt {NETS}", shadow),
    Layout("ema-pytorch", "`ema_model.`, `online_model.`", f"ema-3.pt {NETS}", ema_pytorch),
    Layout("torch's AveragedModel", "`module.`, `n_averaged`", f"averaged.pt {NETS}", averaged_model),
    Layout("torch.compile in DataParallel", "`module._orig_mod.`", f"compiled.pt {NETS}", compiled),
    Layout("ignite's Checkpoint", "`netG`, `netD`", f"ckpt_2.pt {NETS}", ignite),
    Layout("Lightning", "`state_dict` with `generator.`", f"last.ckpt {NETS}", lightning),
    Layout("Hydra users", "`cfg`: omegaconf beside the weights", f"hydra.pt {NETS}", omegaconf),
    Layout("HiFi-GAN", "`generator`, no ending", f"g_00000000 {NETS}", hifigan),
    Layout("Hugging Face hub", "`config.json`, `model.safetensors`", f"hub/ {NETS}", hub),
    Layout("safetensors", "a state_dict", f"generator.safetensors {NETS}", safetensors),
    Layout("torch.save(G)", "a pickled network: its weights are read as data", f"generator.pt {NETS}", whole),
    Layout("torch.save(G), your own file", "the same, and its pickle is run", "generator.pt --trust-pickle", whole),
    Layout(
        "StyleGAN2-ADA, StyleGAN3",
        "pickled `G`, `D`, `G_ema`; needs its code",
        "network-snapshot-000100.pkl --trust-pickle --python-path stylegan3",
        stylegan,
    ),
    Layout("torch before 1.6", "torch.save without an archive", f"old.pth {NETS}", old),
    Layout("torch.export", "`.pt2`, any batch", "generator.pt2", lambda: exported(None)),
    Layout("torch.export", "`.pt2`, batch frozen at 8", "frozen.pt2", lambda: exported(8)),
    Layout("TorchScript", "deprecated, and said so", "scripted.pt", scripted),
    Layout("ONNX", "a graph and its weights", "generator.onnx", onnx),
    Layout("a bundle of yours (`save_bundle`)", "`config.json` names network, latent, range", "bundle/ --model nets:G", bundle),
    Layout(
        "reference_gans, a run to be resumed",
        "`generator`, `average`, optimizers",
        "run.pt --model reference_gans.zoo:generator --model-arg recipe=ring8_healthy",
        resumed,
    ),
    Layout("a conditional generator", "called with noise and labels", "conditional.pth --model nets.py:ByLabel", conditional),
]  # fmt: skip
"""All layouts, in the order of the documentation."""


def settle(folder: Path) -> None:
    """Put the code of the networks where the commands look for it."""
    shutil.copy(HERE / "nets.py", folder / "nets.py")
    (folder / "stylegan3").mkdir(exist_ok=True)


def page_rows() -> list[str]:
    """The table of the documentation."""
    rows = ["| written by | holds | command |", "| --- | --- | --- |"]
    return rows + [f"| {one.maker} | {one.holds} | `collapse-metrics score {one.words}` |" for one in LAYOUTS]


if __name__ == "__main__":
    print("\n".join(page_rows()))
