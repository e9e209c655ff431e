"""Which of the tensors in this file are the generator's? Keys, prefixes, running averages, and lists without names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from collapse_metrics.checkpoints.builders import StoredTensor
from collapse_metrics.checkpoints.groups import Group, groups_in
from collapse_metrics.checkpoints.torch_files import tensor

AVERAGES = re.compile(r"ema|average|averaged|shadow|^ge$|polyak|_avg", re.IGNORECASE)
"""Names of running averages of a generator."""

GENERATORS = re.compile(r"^(g|ge|gan|gen|generator|netg|net_g|model_g|g_model|.*generator.*|g_.*|.*_g)$", re.IGNORECASE)
"""Names of generators."""

OTHERS = re.compile(
    r"^(d|de|net_?d|.*discriminator.*|dis|disc|critic|d_.*|.*_d|c|opt.*|.*optim.*|.*sched.*)$", re.IGNORECASE
)
"""Names of what is no generator."""

WITHOUT = ("num_batches_tracked",)
"""Endings of entries that older files lack, and that sampling does not need."""


@dataclass(frozen=True)
class Match:
    """A group, and the prefix under which a network's own names are found in it."""

    group: Group
    prefix: str

    @property
    def words(self) -> list[str]:
        """All words of key and prefix."""
        return [word for word in f"{self.group.key}.{self.prefix}".split(".") if word]

    @property
    def averaged(self) -> bool:
        """Whether it is a running average."""
        return any(AVERAGES.search(word) for word in self.words) or "n_averaged" in self.group.tensors

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """Likeliest first: no discriminator, a running average, something called a generator."""
        other = any(OTHERS.match(word) for word in self.words)
        return (other, not self.averaged, not any(GENERATORS.match(word) for word in self.words))

    @property
    def called(self) -> str:
        """What the options are to take just this one."""
        key = f"--key {self.group.key}" if self.group.key else ""
        return " ".join(part for part in (key, f"--prefix {self.prefix}" if self.prefix else "") if part) or "no --key"


def load_weights(network: nn.Module, value: Any, *, key: str | None, prefix: str | None, path: str) -> dict[str, Any]:
    """Put the generator's weights into a network, and say which they were.

    Args:
        network: Freshly built; its names and shapes are what is looked for.
        value: What the file says.
        key: Way to the group that is meant, or its last word; without it, the likeliest that fits.
        prefix: What the names in the file begin with, before the network's own.
        path: For errors.

    Returns:
        ``key``, ``prefix``, ``averaged`` and ``notes``.

    Raises:
        ValueError: If nothing fits, or two things fit equally well.
    """
    groups = _meant(groups_in(value), key, path)
    own = network.state_dict()
    matches = sorted(
        (Match(group, start) for group in groups if group.named for start in prefixes(own, group.tensors, prefix)),
        key=lambda match: match.rank,
    )
    listed = [group for group in groups if not group.named and _fits_list(network, group)]
    if listed and not (matches and matches[0].averaged):
        return _load_list(network, listed[0], matches)
    if not matches:
        raise ValueError(no_match(own, groups, path))
    rivals = [match for match in matches[1:] if match.rank == matches[0].rank]
    if rivals and not _alike(matches[0], rivals[0], own):
        choices = " or by ".join(match.called for match in (matches[0], *rivals[:2]))
        raise ValueError(f"{path} holds several networks that fit: choose by {choices}.")
    best = matches[0]
    network.load_state_dict(_taken(best, own), strict=False)
    others = [match.called for match in matches[1:] if not match.rank[0]]
    notes = [f"weights: {best.called}{', a running average' if best.averaged else ''}"] if best.words else []
    notes += [f"for the others that fit: {' or '.join(others[:3])}"] if others else []
    return {"key": best.group.key, "prefix": best.prefix, "averaged": best.averaged, "notes": tuple(notes)}


def _meant(groups: list[Group], key: str | None, path: str) -> list[Group]:
    if not groups:
        raise ValueError(f"{path} holds no tensors under names: it is no checkpoint of a network.")
    if key is None:
        return groups
    chosen = [group for group in groups if group.key == key] or [group for group in groups if group.last == key]
    if not chosen:
        there = ", ".join(group.key or "(the file itself)" for group in groups[:9])
        raise ValueError(f"{path} has no tensors under key {key!r}, but under: {there}.")
    return chosen


def prefixes(own: Mapping[str, Any], held: Mapping[str, Any], given: str | None = None) -> list[str]:
    """Prefixes under which all of a network's names are there with their shapes, and nothing else is."""
    first = max((name for name in own if not name.endswith(WITHOUT)), key=len, default=None)
    if first is None:
        return []
    if given is not None:
        starts = [given if not given or given.endswith(".") else f"{given}."]
    else:
        starts = [name.removesuffix(first) for name in held if name.endswith(first)]
    return [start for start in starts if (not start or start.endswith(".")) and _fits(own, held, start)]


def _fits(own: Mapping[str, Any], held: Mapping[str, Any], start: str) -> bool:
    under = {name.removeprefix(start) for name in held if name.startswith(start)}
    if any(name not in under and not name.endswith(WITHOUT) for name in own):
        return False
    if under - own.keys() - {"n_averaged"}:
        return False
    return all(tuple(held[start + name].shape) == tuple(own[name].shape) for name in own if name in under)


def generator_prefix(held: Mapping[str, Any]) -> str:
    """The longest beginning that all names share, or that of the likeliest generator among several."""
    start = ""
    while True:
        inner = [name.removeprefix(start) for name in held if name.startswith(start)]
        firsts = sorted({name.partition(".")[0] for name in inner if "." in name}, key=str)
        whole = len(firsts) == 1 and sum("." in name for name in inner) >= len(inner) - 1
        wrappers = [first for first in firsts if first in WRAPPERS or GENERATORS.match(first)]
        if (whole and firsts[0] in WRAPPERS) or (whole and GENERATORS.match(firsts[0])):
            start += f"{firsts[0]}."
        elif len(firsts) > 1 and wrappers and (len(wrappers) < len(firsts)):
            start += f"{min(wrappers, key=lambda word: not AVERAGES.search(word))}."
        else:
            return start


WRAPPERS = ("module", "_orig_mod", "ema_model", "online_model", "model")
"""Names that wrappers put before a network's own."""


def _taken(match: Match, own: Mapping[str, Any]) -> dict[str, Tensor]:
    held = match.group.tensors
    return {name: as_tensor(held[match.prefix + name]) for name in own if match.prefix + name in held}


def as_tensor(held: Any) -> Tensor:
    """A tensor, read now if it was not."""
    return tensor(held) if isinstance(held, StoredTensor) else held


def _alike(one: Match, other: Match, own: Mapping[str, Any]) -> bool:
    """Whether two matches hold the same numbers, as where a file keeps its weights twice."""
    a, b = _taken(one, own), _taken(other, own)
    return all(torch.equal(a[name], b[name]) for name in a if name in b)


def _fits_list(network: nn.Module, group: Group) -> bool:
    shapes = [tuple(weight.shape) for weight in network.parameters()]
    return shapes == [tuple(held.shape) for held in group.tensors.values()]


def _load_list(network: nn.Module, group: Group, matches: list[Match]) -> dict[str, Any]:
    """Weights without names go onto the parameters in order; batch norms keep what a named state beside them has."""
    notes = [f"weights: --key {group.key}, a list without names, taken in the order of the network's parameters"]
    raw = next((match for match in matches if not match.rank[0]), None)
    if raw is not None:
        network.load_state_dict(_taken(raw, network.state_dict()), strict=False)
    if any(True for _ in network.buffers()):
        where = f"those of {raw.called}" if raw else "untouched"
        notes.append(f"a list has no buffers: statistics of batch norms are {where}, and stale for these weights")
    with torch.no_grad():
        for weight, held in zip(network.parameters(), group.tensors.values(), strict=True):
            weight.copy_(as_tensor(held))
    averaged = any(AVERAGES.search(word) for word in group.key.split("."))
    return {"key": group.key, "prefix": "", "averaged": averaged, "stale_buffers": True, "notes": tuple(notes)}


def no_match(own: Mapping[str, Any], groups: list[Group], path: str) -> str:
    """Why nothing fits: the nearest group, and the first names that are missing, left over or of another shape."""
    best, start, shared = groups[0], "", -1
    for group in groups:
        for name in own:
            for held in group.tensors:
                if held.endswith(name) and (held == name or held[: -len(name)].endswith(".")):
                    here = held[: -len(name)]
                    count = sum(here + other in group.tensors for other in own)
                    if count > shared:
                        best, start, shared = group, here, count
                    break
            else:
                continue
            break
    under = {name.removeprefix(start): held for name, held in best.tensors.items() if name.startswith(start)}
    words = [f"the network does not fit {path} (nearest: {Match(best, start).called})"]
    missing = [name for name in own if name not in under and not name.endswith(WITHOUT)]
    extra = [name for name in under if name not in own]
    other = [
        f"{n} {tuple(under[n].shape)} for {tuple(own[n].shape)}"
        for n in own
        if n in under and under[n].shape != own[n].shape
    ]
    words += [f"missing {', '.join(missing[:5])}"] if missing else []
    words += [f"left over {', '.join(extra[:5])}"] if extra else []
    words += [f"of another shape {', '.join(other[:5])}"] if other else []
    return "; ".join(words) + ": check --model and its --model-arg, or give --key and --prefix."
