"""Which tensors lie together in this file? State_dicts at any depth, lists without names, and pickled networks."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from collapse_metrics.checkpoints.builders import StoredTensor, Stranger

DEEPEST = 12
"""Containers within containers that are searched."""

MOST_NODES = 200_000
"""Containers that are searched: a trap may refer to one container again and again."""

OF_OPTIMIZERS = {"exp_avg", "exp_avg_sq", "momentum_buffer", "square_avg", "max_exp_avg_sq"}
"""What optimizers keep for every parameter."""


@dataclass(frozen=True)
class Group:
    """Tensors that lie together in a file: under names, or, of a list, under their numbers.

    ``key`` is the way to them, joined by dots and empty for a bare state_dict.
    """

    key: str
    tensors: Mapping[str, Any]
    named: bool = True

    @property
    def last(self) -> str:
        """The last word of the key."""
        return self.key.rpartition(".")[2]


def groups_in(value: Any) -> list[Group]:
    """All groups of tensors in what a file says, outermost first."""
    found: list[Group] = []
    seen: set[int] = set()
    waiting: deque[tuple[str, Any, int]] = deque([("", value, 0)])
    while waiting and len(seen) < MOST_NODES:
        key, node, depth = waiting.popleft()
        if id(node) in seen or depth > DEEPEST:
            continue
        seen.add(id(node))
        found += _group(key, node)
        waiting += [(f"{key}.{name}" if key else name, inner, depth + 1) for name, inner in _inside(node)]
    return found


def _group(key: str, node: Any) -> list[Group]:
    if isinstance(node, Stranger):
        state = state_of(node)
        return [Group(key, state)] if state else []
    if isinstance(node, nn.Module):
        return [Group(key, node.state_dict())]
    if isinstance(node, dict):
        tensors = {name: held for name, held in node.items() if isinstance(name, str) and is_tensor(held)}
        return [] if not tensors or tensors.keys() & OF_OPTIMIZERS else [Group(key, tensors)]
    if isinstance(node, list | tuple) and len(node) > 1 and all(is_tensor(held) for held in node):
        return [Group(key, {str(number): held for number, held in enumerate(node)}, named=False)]
    return []


def _inside(node: Any) -> list[tuple[str, Any]]:
    holders = (dict, list, tuple, Stranger, nn.Module)
    if isinstance(node, dict):
        return [(str(name), held) for name, held in node.items() if isinstance(held, holders)]
    if isinstance(node, Stranger) and isinstance(node.state, dict) and "_modules" not in node.state:
        return [(str(name), held) for name, held in node.state.items() if isinstance(held, holders)]
    if isinstance(node, list | tuple) and len(node) <= 100:
        return [(str(number), held) for number, held in enumerate(node) if isinstance(held, holders)]
    return []


def is_tensor(held: Any) -> bool:
    """Whether this is a tensor, read or not."""
    return isinstance(held, StoredTensor | Tensor)


def state_of(module: Stranger, prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """The state_dict of a pickled module, taken from its parts without building it."""
    state = module.state if isinstance(module.state, dict) else {}
    parts = state.get("_modules")
    found: dict[str, Any] = {}
    if not isinstance(parts, dict) or depth > DEEPEST:
        return {}
    for kind in ("_parameters", "_buffers"):
        held = state.get(kind)
        transient = state.get("_non_persistent_buffers_set", ())
        if isinstance(held, dict):
            found |= {f"{prefix}{name}": one for name, one in held.items() if is_tensor(one) and name not in transient}
    for name, part in parts.items():
        if isinstance(part, Stranger):
            found |= state_of(part, f"{prefix}{name}.", depth + 1)
    return found
