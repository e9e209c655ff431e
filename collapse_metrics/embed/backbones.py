"""Which natural pictures are alike? torchvision's networks, their published weights fetched when first needed."""

import hashlib
import pickle
import urllib.error
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from collapse_metrics.embed._base import Embedded, Embedder

BACKBONES = {
    "convnext_tiny": "classifier.2",
    "efficientnet_b0": "classifier.1",
    "inception_v3": "fc",
    "mobilenet_v3_small": "classifier.3",
    "resnet18": "fc",
    "resnet50": "fc",
    "swin_t": "head",
    "vit_b_16": "heads.head",
}
"""Networks that can be asked for by name, and the layer of classes that is taken off each."""

CODE_VERSION = 1
"""Part of the fingerprint: raise it when this file changes what comes out for the same weights."""

CHUNK = 32
"""Pictures embedded at once: at 224 x 224 a ResNet-50 then stays below half a gigabyte."""

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's channels, as all of torchvision's weights expect them."""


class Backbone(Embedder):
    """One of torchvision's networks as an embedder of natural pictures: what stands before its layer of classes.

    The published weights are fetched by ``torch.hub`` when the first picture is embedded, and lie in its cache from
    then on. Without a network pass ``weights=``, a state dict that was fetched elsewhere.

    Reading the result:
        - ``features`` are what the layer of classes would have seen: 512 numbers of ``resnet18``, 2048 of ``resnet50``.
          It has no classes of its own: ask ``Reference.fit`` for bins (``modes=50``) or train a classifier.
        - **Blind to** what ImageNet's thousand classes do not need; hardly fit for drawings, X-rays or spectra.
        - **Compare only** results of one ``fingerprint``: other weights, other numbers.

    Args:
        name: One of ``BACKBONES``.
        weights: A file with the network's state dict, instead of the published one.
        device: Where the network runs. Results always come back on the CPU.

    Reference:
        https://docs.pytorch.org/vision/stable/models.html.
    """

    modes: tuple[str, ...] = ()

    def __init__(
        self, name: str = "resnet18", *, weights: str | Path | None = None, device: str | torch.device = "cpu"
    ) -> None:
        if name not in BACKBONES:
            raise ValueError(f"a network of {sorted(BACKBONES)} is needed, got {name!r}.")
        self.name = name
        self.device = torch.device(device)
        self._file = None if weights is None else Path(weights)
        if self._file is not None and not self._file.is_file():
            raise FileNotFoundError(f"the weights of {name} are needed, there is no file {self._file}.")

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of the published weights' name, which ends in a hash of them; or of other weights in a file."""
        which = _name_of(self._published)
        if self._file is not None:
            found = hashlib.sha256(self._file.read_bytes()).hexdigest()
            which = which if found.startswith(which.rpartition("-")[2]) else found
        return hashlib.sha256(f"{which} {self.name} {CODE_VERSION}".encode()).hexdigest()[:16]

    @property
    def _published(self) -> Any:
        from torchvision.models import get_model_weights

        return get_model_weights(self.name).DEFAULT

    @cached_property
    def _side(self) -> int:
        return int(self._published.transforms().crop_size[0])

    @cached_property
    def _network(self) -> nn.Module:
        from torchvision.models import get_model

        state = self._fetched() if self._file is None else self._read(self._file)
        aside: dict[str, Any] = {"transform_input": False, "init_weights": False} if "inception" in self.name else {}
        with torch.device("meta"):  # no weights are drawn: the global random numbers stay as they are
            network: nn.Module = get_model(self.name, weights=None, **aside)
        try:
            network.load_state_dict(state, assign=True)
        except RuntimeError as error:
            raise ValueError(f"{self._file} holds no weights of {self.name}: pass its state dict.") from error
        parent, _, last = BACKBONES[self.name].rpartition(".")
        setattr(network.get_submodule(parent), last, nn.Identity())
        return network.requires_grad_(False).eval().to(self.device)

    def _fetched(self) -> dict[str, Tensor]:
        from torch.hub import load_state_dict_from_url

        try:
            return dict(
                load_state_dict_from_url(self._published.url, map_location="cpu", check_hash=True, progress=False)
            )
        except (urllib.error.URLError, OSError, RuntimeError) as error:
            raise OSError(
                f"the weights of {self.name} are needed and could not be fetched ({error}): "
                f"fetch {self._published.url} where there is a network, "
                f"and pass embed.Backbone({self.name!r}, weights=FILE)."
            ) from error

    @staticmethod
    def _read(file: Path) -> dict[str, Tensor]:
        try:
            return dict(torch.load(file, map_location="cpu", weights_only=True))
        except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, TypeError) as error:
            raise ValueError(f"{file} cannot be read as a state dict: fetch it again.") from error

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Embedded:
        """Embed pictures.

        Args:
            images: ``(n, 1, h, w)`` or ``(n, 3, h, w)`` in [0, 1]; they are brought to the size that the network knows.

        Raises:
            ValueError: If there is another number of channels.
            OSError: If the weights are not there and cannot be fetched.
        """
        if images.ndim != 4 or images.shape[1] not in (1, 3):
            raise ValueError(
                f"`images` must be (n, 3, height, width) or (n, 1, height, width) pictures, got {tuple(images.shape)}: "
                "leave out further channels."
            )
        mean, spread = (torch.tensor(x, device=self.device).view(1, 3, 1, 1) for x in (MEAN, SPREAD))
        found = []
        with torch.autocast(self.device.type, enabled=False):
            for part in images.detach().split(CHUNK):
                shown = part.to(self.device, torch.float32).expand(-1, 3, -1, -1)
                shown = functional.interpolate(
                    shown, (self._side, self._side), mode="bilinear", antialias=True, align_corners=False
                )
                found.append(self._network((shown - mean) / spread).flatten(1).float().cpu())
        return Embedded(features=torch.cat(found) if found else torch.empty(0, 0), probs=None)


def _name_of(published: Any) -> str:
    """``resnet18-f37072fd``: behind the last dash stand the first digits of the file's SHA-256."""
    return Path(published.url).stem
