"""What has to be kept of a set of samples, so that another can be compared with it? Counts, and means over pairs."""

import base64
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.measurements import Look
from collapse_metrics.metrics._neighbours import nearest
from collapse_metrics.metrics._spectrum import directions
from collapse_metrics.reference import Reference
from collapse_metrics.stats.u_statistics import pair_mean_error

FEWEST = 20
"""Samples of a mode from which on its spread is kept: of fewer, even the variance of the spread is unknown."""

COPY = 1e-6
"""Distance, as a share of the usual one, up to which two samples are copies: far below what any latent moves."""

ROUNDING = 2.4e-7
"""Two units in the last place of float32: of rows far from the origin, copies may be so far apart."""

DIGITS = 7
"""Decimal digits that are kept of a mean."""


@dataclass(frozen=True)
class Seen:
    """What is known of each sample by itself: features, acceptance, mode, and its nearest real sample.

    ``nearest`` has one entry for every *accepted* sample.
    """

    features: Tensor
    accepted: Tensor
    called: Tensor
    nearest: Tensor

    def __getitem__(self, rows: Tensor) -> "Seen":
        """The same of some samples, given by their indices."""
        place = torch.cumsum(self.accepted, dim=0) - 1
        taken = rows[self.accepted[rows]]
        return Seen(self.features[rows], self.accepted[rows], self.called[rows], self.nearest[place[taken]])


@dataclass(frozen=True)
class Tally:
    """Sufficient statistics of one set of samples, in JSON's types; nothing else of the samples is needed again.

    ``counts`` and ``spreads`` have an entry for every mode, of accepted samples. A spread is the mean squared distance
    of two samples and its relative standard error, ``None`` where there are too few. ``met`` says how many real
    samples were the nearest one of 1, 2, 3, ... accepted samples, ``groups`` how many groups of 1, 2, 3, ... copies
    there are, as pairs. ``calls`` holds the mode of every latent, in order, where the samples came from known latents.
    """

    n: int
    accepted: int
    modes: list[str]
    counts: list[int]
    spreads: list[list[float] | None]
    pairs: list[float] | None
    likeness: list[float] | None
    met: list[list[int]]
    groups: list[list[int]]
    anchors: str
    latents: str | None = None
    calls: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, in a fixed order."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Tally":
        """The tally that ``to_dict`` described."""
        try:
            return cls(**data)
        except TypeError as error:
            raise ValueError(f"this is no whole tally ({error}): write it again with this version.") from error


def tally_look(look: Look, reference: Reference, *, latents: str | None = None) -> dict[str, Any] | None:
    """The tally of a look in JSON's types; none where some samples are not finite, or there are fewer than two."""
    if not look.says_something or look.finite < look.total:
        return None
    return tally(see(look, reference), reference, latents=latents).to_dict()


def see(look: Look, reference: Reference) -> Seen:
    """What is known of each finite sample of a look."""
    inside = look.features[look.accepted]
    near = nearest(inside, to=reference.anchor)[1] if len(inside) else torch.zeros(0, dtype=torch.long)
    return Seen(look.features, look.accepted, look.called, near)


def tally(seen: Seen, reference: Reference, *, latents: str | None = None) -> Tally:
    """Count and average.

    Args:
        seen: What is known of each sample.
        reference: The real data that they were looked at beside.
        latents: Fingerprint of the latents that the samples came from, in order, where that is known.

    Returns:
        The statistics.
    """
    inside = seen.features[seen.accepted].double()
    modes = seen.called[seen.accepted]
    counts = torch.bincount(modes, minlength=len(reference.modes)).tolist()
    order = torch.argsort(modes, stable=True)
    spreads = [spread(rows) if len(rows) >= FEWEST else None for rows in torch.split(inside[order], counts)]
    return Tally(
        n=len(seen.features),
        accepted=len(inside),
        modes=list(reference.modes),
        counts=counts,
        spreads=spreads,
        pairs=spread(inside) if len(inside) >= FEWEST else None,
        likeness=likeness(inside, centre_of(reference)) if len(inside) >= FEWEST else None,
        met=histogram(torch.bincount(seen.nearest).numpy()),
        groups=histogram(sizes_of_groups(seen.features)),
        anchors=anchors_of(reference),
        latents=latents,
        calls=None if latents is None else packed(torch.where(seen.accepted, seen.called, -1)),
    )


def spread(rows: Tensor) -> list[float]:
    """Mean squared distance of two rows, and its relative standard error."""
    squares = (rows - rows.mean(dim=0)).square().sum(dim=1)
    total, n = squares.sum(), len(rows)
    if total <= 1e-20 * rows.square().sum():  # copies, but for rounding
        return [0.0, 0.0]
    means = ((n * squares + total) / (n - 1)).numpy()
    return _rounded(float(2 * total / (n - 1)), pair_mean_error(means) / float(means.mean()))


def likeness(rows: Tensor, centre: Tensor) -> list[float] | None:
    """Mean squared cosine of two rows about a centre, and its relative standard error; RKE is one over it."""
    about = rows - centre
    about = about[about.square().sum(dim=1) > 0]
    if len(about) < FEWEST:
        return None
    cloud = directions(about)
    means = ((cloud.energies(cloud.gram) - 1) / (len(about) - 1)).numpy()
    value = float(means.mean())
    return _rounded(value, pair_mean_error(means) / value) if value > 1e-12 else None


def centre_of(reference: Reference) -> Tensor:
    """Mean of the real feature rows."""
    return reference.anchor.double().mean(dim=0)


def anchors_of(reference: Reference) -> str:
    """Fingerprint of the real rows and modes that samples are looked at beside, the same before and after a file."""
    kept = reference.anchor.half() if reference.embedder.modes else reference.anchor
    text = repr(reference.modes).encode()
    centres = b"" if reference.centres is None else reference.centres.numpy().tobytes()
    return hashlib.sha256(kept.numpy().tobytes() + centres + text).hexdigest()[:16]


def sizes_of_groups(rows: Tensor) -> np.ndarray:
    """Of every group of copies, how many there are; a row without a copy is a group of one.

    Copies lie side by side when rows are sorted by their place along any direction; a fixed one is taken.
    """
    rows = rows.double()
    direction = torch.randn(rows.shape[1], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    order = torch.argsort((rows - rows[0]) @ direction, stable=True)
    tolerance = COPY * float((rows - rows.mean(dim=0)).square().sum(dim=1).mean().sqrt())
    tolerance = max(tolerance, ROUNDING * rows.shape[1] ** 0.5 * float(rows.abs().max()))
    apart = (rows[order[1:]] - rows[order[:-1]]).norm(dim=1) > tolerance
    starts = torch.cat([torch.ones(1, dtype=torch.bool), apart])
    return torch.bincount(torch.cumsum(starts, dim=0) - 1).numpy()


def histogram(times: np.ndarray) -> list[list[int]]:
    """How many things happened once, twice and so on, as pairs; what never happened is left out."""
    of_each = np.bincount(times)
    return [[int(k), int(of_each[k])] for k in np.flatnonzero(of_each) if k > 0]


def packed(called: Tensor) -> str:
    """Mode of every sample, -1 for one that is not like the data, as a short text."""
    return base64.b85encode(zlib.compress(called.to(torch.int16).numpy().tobytes(), 9)).decode()


def unpacked(text: str) -> np.ndarray:
    """The modes behind such a text."""
    try:
        return np.frombuffer(zlib.decompress(base64.b85decode(text)), dtype=np.int16)
    except (ValueError, zlib.error) as error:
        raise ValueError(f"the modes of the latents cannot be read ({error}): make the baseline again.") from error


def _rounded(*values: float) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]
