"""What does a program draw? TorchScript, ONNX and torch.export bring the network with them; only they are run."""

import io
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.checkpoints.archives import first_line, opened_archive, read_member
from collapse_metrics.checkpoints.kinds import Kind
from collapse_metrics.probes.sampler import Latent

Program = tuple[Callable[..., Tensor], Latent | None, tuple[str, ...], dict[str, Any]]
"""The generator, its latent, what a reader should know, and what a record keeps."""

REACHES_OUT = re.compile(
    r"\b(?:torch\.(?:save|load|from_file)\b|ops\.(?!aten\b|prim\b|prims\b|torchvision\b|quantized\b)\w+)"
)
"""What in TorchScript's code touches files, or calls operators that are not torch's."""

OUTSIDE = b"\n\x08location"
"""How an ONNX file spells that weights lie in another file."""


def open_program(path: Path, kind: Kind) -> Program:
    """A program as a generator.

    Raises:
        ValueError: If it is damaged, reaches for files, or what runs it is not installed.
    """
    if kind is Kind.EXPORTED:
        from collapse_metrics.checkpoints.exported import read_exported

        graph = read_exported(path)
        return _program(graph.run, graph.sizes, ())
    return _scripted(path) if kind is Kind.TORCHSCRIPT else _onnx(path)


def _scripted(path: Path) -> Program:
    with opened_archive(path) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                found = REACHES_OUT.search(read_member(archive, name, path).decode("utf-8", "replace"))
                if found:
                    raise ValueError(f"REFUSED: {path} asks to run {found.group()}. No option overrides this.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = torch.jit.load(io.BytesIO(path.read_bytes()), map_location="cpu").eval()
    except Exception as error:  # its own errors are of many kinds
        raise ValueError(f"{path} cannot be loaded as TorchScript ({first_line(error)}): export it again.") from error
    notes = ("TorchScript is deprecated: save with torch.export.save (.pt2), or a state_dict and --model",)
    inputs = [one for one in network.forward.schema.arguments[1:] if not one.has_default_value()]
    latent = _by_shapes(dict(network.named_parameters()))
    return _callable(network, len(inputs)), latent, notes, {}


def _by_shapes(weights: dict[str, Tensor]) -> Latent | None:
    from collapse_metrics.checkpoints.latents import guess_from_shapes

    return guess_from_shapes(weights)[0]


def _callable(network: Any, inputs: int) -> Callable[..., Tensor]:
    def alone(z: Tensor) -> Tensor:
        drawn: Tensor = network(z)
        return drawn

    def labelled(z: Tensor, labels: Tensor) -> Tensor:
        drawn: Tensor = network(z, labels)
        return drawn

    return labelled if inputs > 1 else alone


def _onnx(path: Path) -> Program:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise ValueError(f"{path} is ONNX: pip install 'collapse_metrics[onnx]' to run it.") from error
    data = path.read_bytes()
    if OUTSIDE in data:
        raise ValueError(f"{path} keeps weights in another file, which is not opened: save it as one file.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own errors are of many kinds
        raise ValueError(f"{path} cannot be loaded as ONNX ({first_line(error)}): export it again.") from error
    inputs = session.get_inputs()
    sizes = [tuple(size if isinstance(size, int) else None for size in one.shape) for one in inputs]

    def run(*given: Tensor) -> Tensor:
        pairs = zip(inputs, given, strict=False)
        fed = {one.name: held.detach().numpy().astype(NUMBERS.get(one.type, np.float32)) for one, held in pairs}
        return torch.from_numpy(np.asarray(session.run(None, fed)[0]))

    return _program(run, sizes, ())


NUMBERS = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16,
    "tensor(int64)": np.int64, "tensor(int32)": np.int32,
}  # fmt: skip
"""Types of ONNX's inputs."""


def _program(run: Callable[..., Tensor], sizes: list[tuple[int | None, ...]], notes: tuple[str, ...]) -> Program:
    """A program as a generator: its latent by its first input, and batches cut to the size it was frozen at."""
    if not sizes or len(sizes[0]) < 1:
        raise ValueError("the program takes no noise: it is no generator.")
    batch, *shape = sizes[0]
    latent = tuple(size for size in shape if size is not None)
    whole = len(latent) == len(shape) and len(latent) > 0
    if batch is not None:
        notes += (f"its batch is frozen at {batch}: samples are drawn in batches of that size",)
    drawn = run if batch is None else in_batches(run, batch)
    known = None if not whole else latent[0] if len(latent) == 1 else latent
    return _callable(drawn, len(sizes)), known, notes, {"frozen_batch": batch}


def in_batches(run: Callable[..., Tensor], size: int) -> Callable[..., Tensor]:
    """The same generator for any number of latents; the last batch is filled with its own first ones."""

    def drawn(*given: Tensor) -> Tensor:
        n = len(given[0])
        rows = torch.arange(-(-n // size) * size) % n
        parts = [run(*(held[rows[at : at + size]] for held in given)) for at in range(0, len(rows), size)]
        return torch.cat(parts)[:n]

    return drawn
