"""What does an exported program compute? Its graph is read as a list of torch's own operators, and walked through.

``torch.export.load`` runs pickles and evaluates text from the file, so it is not used: the graph alone is read, each
node is one operator of torch on tensors and numbers, and nothing else in the file is looked at.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from collapse_metrics.checkpoints.archives import first_line, opened_archive, read_member
from collapse_metrics.checkpoints.bundles import json_object

OPERATOR = re.compile(r"torch\.ops\.(aten|prims)\.([a-z0-9_]+)\.([A-Za-z0-9_]+)")
"""Names of operators that a node may have."""

NOT_ALLOWED = ("from_file", "save", "load", "set_", "resize", "cuda", "cudnn")
"""Beginnings of operators that touch files or other memory than their own."""

UNDER = re.compile(
    r"_(softmax|log_softmax|to_copy|unsafe_view|native_batch_norm_legit.*|assert.*|weight_norm.*|upsample.*|.*_attention.*|unsafe_index.*|adaptive_avg_pool.*|safe_softmax)"
)
"""Operators of torch's own household that exported generators were found to use; the others are not for strangers."""

ARITHMETIC = {
    "_operator.add": lambda a, b: a + b,
    "_operator.sub": lambda a, b: a - b,
    "_operator.mul": lambda a, b: a * b,
    "_operator.floordiv": lambda a, b: a // b,
    "_operator.mod": lambda a, b: a % b,
    "_operator.neg": lambda a: -a,
    "_operator.getitem": lambda a, b: a[b],
}
"""Arithmetic on sizes, which stands between operators."""

KINDS = {
    1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64, 6: torch.float16, 7: torch.float32,
    8: torch.float64, 10: torch.complex64, 11: torch.complex128, 12: torch.bool, 13: torch.bfloat16,
}  # fmt: skip
"""Types of numbers by torch's numbering of them in exported files."""

PLAIN = ("as_int", "as_ints", "as_float", "as_floats", "as_bool", "as_bools", "as_string")
"""Arguments that stand for themselves."""

IGNORED = ("layout", "device", "pin_memory", "memory_format")
"""Arguments of where and how numbers lie: everything is on the CPU, and dense."""


@dataclass(frozen=True)
class Graph:
    """The operators of an exported program, and its weights by their names in the graph.

    ``sizes`` are those of each input, ``None`` where any will do.
    """

    nodes: list[dict[str, Any]]
    weights: dict[str, Tensor]
    inputs: list[str]
    output: str
    sizes: list[tuple[int | None, ...]]

    @torch.no_grad()
    def run(self, *given: Tensor) -> Tensor:
        """The program's first output."""
        values: dict[str, Any] = dict(self.weights) | dict(zip(self.inputs, given, strict=True))
        for node in self.nodes:
            positional, named = _arguments(node, values)
            made = _operator(node["target"])(*positional, **named)
            values |= _outputs(node, made)
        drawn: Tensor = values[self.output]
        return drawn


def read_exported(path: Path) -> Graph:
    """The graph of a ``.pt2`` file, and its weights.

    Raises:
        ValueError: If it is damaged, of an older torch, or asks for more than torch's own operators.
    """
    with opened_archive(path) as archive:
        names = archive.namelist()
        model = next((name for name in names if name.endswith("models/model.json")), None)
        if model is None:
            raise ValueError(f"{path} holds no exported model of this version: export it again with a newer torch.")
        root = model.removesuffix("models/model.json")
        program = json_object(bytes(read_member(archive, model, path)), path)
        held: dict[str, Tensor] = {}
        for folder, word in (("weights", "weights"), ("constants", "constants")):
            listed = f"{root}data/{folder}/model_{word}_config.json"
            if listed not in names:
                continue
            config = json_object(bytes(read_member(archive, listed, path)), path).get("config", {})
            for name, about in config.items():
                held[name] = _weight(archive, f"{root}data/{folder}/", about, path)
    try:
        return _graph(program, held)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(
            f"{path} cannot be read ({type(error).__name__} {first_line(error)}): export it again."
        ) from error


def _weight(archive: Any, folder: str, about: Any, path: Path) -> Tensor:
    if not isinstance(about, dict) or about.get("use_pickle") or not isinstance(about.get("tensor_meta"), dict):
        raise ValueError(f"{path} holds a pickled object beside its weights, which would be run: it is not opened.")
    meta = about["tensor_meta"]
    try:
        kind = KINDS[meta["dtype"]]
        shape, stride = ([size["as_int"] for size in meta[of]] for of in ("sizes", "strides"))
        offset = meta["storage_offset"]["as_int"]
        data = read_member(archive, folder + str(about["path_name"]), path)
        held = len(data) // kind.itemsize
        reach = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True)) + 1
        if min([*shape, *stride, offset, 0]) < 0 or (0 not in shape and reach > held):
            raise ValueError(f"shape {shape} on {held} numbers")
        if 0 in shape:
            return torch.empty(shape, dtype=kind)
        return torch.frombuffer(data, dtype=kind, count=held).as_strided(shape, stride, offset).clone()
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise ValueError(f"{path} cannot be read (a weight: {first_line(error)}): export it again.") from error


def _graph(program: dict[str, Any], held: dict[str, Tensor]) -> Graph:
    module = program["graph_module"]
    graph, signature = module["graph"], module["signature"]
    weights, inputs = {}, []
    for spec in signature["input_specs"]:
        ((kind, about),) = spec.items()
        if kind == "user_input":
            inputs.append(about["arg"]["as_tensor"]["name"])
        elif kind in TARGETS:
            weights[about["arg"]["name"]] = held[about[TARGETS[kind]]]
        else:
            raise ValueError(
                f"the exported program has an input of kind {kind!r}, which is not run: save a state_dict."
            )
    outputs = [next(iter(spec.values())) for spec in signature["output_specs"] if "user_output" in spec]
    for node in graph["nodes"]:
        _operator(node["target"])  # refused before anything is run
    output = outputs[0]["arg"]["as_tensor"]["name"]
    sizes = [tuple(size.get("as_int") for size in graph["tensor_values"][name]["sizes"]) for name in inputs]
    return Graph(graph["nodes"], weights, inputs, output, sizes)


TARGETS = {"parameter": "parameter_name", "buffer": "buffer_name", "tensor_constant": "tensor_constant_name"}
"""Kinds of inputs that lie in the file, and under which word their name stands."""


def _operator(target: Any) -> Any:
    if target in ARITHMETIC:
        return ARITHMETIC[target]
    found = OPERATOR.fullmatch(str(target))
    inner = found is not None and found[2].startswith("_") and not UNDER.match(found[2])
    if found is None or inner or found[2].startswith(NOT_ALLOWED):
        raise ValueError(f"REFUSED: the exported program asks to run {str(target)[:120]}. No option overrides this.")
    space, name, overload = found.groups()
    packet = getattr(getattr(torch.ops, space), name, None)
    operator = getattr(packet, overload, None)
    if operator is None:
        raise ValueError(f"the exported program needs {target}, which this torch does not have: export it again.")
    return operator


def _arguments(node: dict[str, Any], values: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    positional, named = [], {}
    for one in node["inputs"]:
        if one["name"] in IGNORED:
            continue
        value = _value(one["arg"], values)
        if one.get("kind") == 2:
            named[one["name"]] = value
        else:
            positional.append(value)
    return positional, named


def _value(argument: dict[str, Any], values: dict[str, Any]) -> Any:
    ((kind, held),) = argument.items()
    if kind in PLAIN:
        return held
    if kind in ("as_tensor", "as_sym_int", "as_sym_float", "as_sym_bool"):
        return values[held["name"]] if "name" in held else _symbol(held, values)
    if kind in ("as_tensors", "as_sym_ints", "as_optional_tensors"):
        return [None if "as_none" in one else _value_of(one, values) for one in held]
    if kind == "as_scalar_type":
        return KINDS[held]
    if kind in ("as_none", "as_memory_format", "as_layout", "as_device"):
        return None
    raise ValueError(f"the exported program has an argument of kind {kind!r}, which is not run: save a state_dict.")


def _value_of(one: dict[str, Any], values: dict[str, Any]) -> Any:
    one = one.get("as_tensor", one)
    return values[one["name"]] if "name" in one else _symbol(one, values)


def _symbol(held: dict[str, Any], values: dict[str, Any]) -> Any:
    """A size: a number, or the name of one that was computed."""
    return values[held["as_name"]] if "as_name" in held else next(iter(held.values()))


def _outputs(node: dict[str, Any], made: Any) -> dict[str, Any]:
    outputs = node["outputs"]
    if len(outputs) == 1 and "as_tensors" in outputs[0]:
        return {one["name"]: value for one, value in zip(outputs[0]["as_tensors"], made, strict=True)}
    names = [next(iter(one.values())) for one in outputs]
    found = [str(name.get("name", name.get("as_name"))) if isinstance(name, dict) else str(name) for name in names]
    return dict(zip(found, made if len(found) > 1 else [made], strict=True))
