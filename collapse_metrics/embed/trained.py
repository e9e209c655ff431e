"""How do one's own classes become an embedder? A small classifier in one file: numbers and a description, no code."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from collapse_metrics.embed._base import Embedded, Embedder
from collapse_metrics.embed._checks import check_pictures, check_rows
from collapse_metrics.embed._networks import build_network, embed_in_chunks, with_weights
from collapse_metrics.records import write_whole

FORMAT = 1
"""Version of the file's description; another one is refused."""

CODE_VERSION = 1
"""Part of the fingerprint: raise it when this file changes what comes out for the same weights."""

CHUNK = 128
"""Samples embedded at once: bounds the memory, changes the result by rounding only."""

DECIDING = ("kind", "name", "modes", "shape", "network", "threshold")
"""Parts of the description that decide, with the weights, what comes out: the fingerprint is made of them."""

HEADER = "collapse_metrics_embedder"
"""Where the description stands in the file's metadata."""


class TrainedClassifier(Embedder):
    """An embedder of one's own classes, as ``train_classifier`` and ``collapse-metrics train-classifier`` make it.

    The file is safetensors: weights, and a description in JSON (kind of network, shape of a sample, class names, the
    threshold of "not like the data", how it did on held-out samples). Loading it runs no code of the file.

    Reading the result:
        - ``probs[:, :-1]`` say which class; ``probs[:, -1]`` says how sure it is that the sample is none of them.
          ``accepts(probs)`` applies the threshold, below which lie all but a stated share of held-out samples.
        - ``features`` are the outputs of a *linear* layer, before its ReLU, each with a mean of about 0 and a standard
          deviation of about 1 over the training samples.
        - **Blind to** rubbish unlike any kind that it was shown: ``docs/own_data.md`` says which kinds those are.
        - **Compare only** results of one ``fingerprint``.

    Args:
        about: The description.
        weights: The network's numbers by name.
        seen: Hashes of the samples that it learnt from, so that they can be left out of a reference.
        device: Where the network runs. Results always come back on the CPU.

    Attributes:
        about: The description. ``about["held_out"]`` says of the samples kept apart from the training how many there
            were, which share was named rightly and accepted, and has the table of true and called classes.
    """

    def __init__(
        self,
        about: Mapping[str, Any],
        weights: Mapping[str, Tensor],
        *,
        seen: Tensor | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.about = _checked(about, weights)
        self.name = str(about["name"])
        self.modes = tuple(about["modes"])
        self.shape = tuple(about["shape"])
        self.threshold = float(about["threshold"])
        self.device = torch.device(device)
        self.seen = torch.empty(0, dtype=torch.int64) if seen is None else seen
        self._weights = dict(weights)

    @classmethod
    def load(cls, path: str | Path, *, device: str | torch.device = "cpu") -> "TrainedClassifier":
        """Read a file that ``save`` wrote.

        Raises:
            FileNotFoundError: If there is none.
            ValueError: If it is no such file, or its description does not fit its weights.
        """
        path, do = Path(path), "write one with `collapse-metrics train-classifier`"
        if not path.is_file():
            raise FileNotFoundError(f"a classifier file is needed, {path} is none: {do}.")
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads((file.metadata() or {})[HEADER])
                # Copies: the library's tensors lie in the file, and a file that is written anew would end the process.
                weights = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118  (not a dict)
        except (SafetensorError, KeyError, json.JSONDecodeError) as error:
            raise ValueError(f"{path} is not a classifier file ({error}): {do}.") from error
        seen = weights.pop("seen", None)
        try:
            return cls(about, weights, seen=seen, device=device)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    def save(self, path: str | Path) -> None:
        """Write the classifier to one safetensors file."""
        tensors = self._weights | ({"seen": self.seen} if len(self.seen) else {})
        write_whole(Path(path), save(tensors, metadata={HEADER: json.dumps(self.about)}))

    def described(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Description and weights, for a reference that carries its embedder."""
        return self.about, self._weights

    @property
    def takes_pictures(self) -> bool:
        """Whether it learnt from pictures, and not from rows."""
        return bool(self.about["kind"] == "pictures")

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of the weights, of what decides in the description, and of the version of the code."""
        decides = {key: self.about[key] for key in DECIDING} | {"code": CODE_VERSION}
        found = hashlib.sha256(json.dumps(decides, sort_keys=True).encode())
        for name in sorted(self._weights):
            weights = self._weights[name].contiguous()
            found.update(f"{name} {weights.dtype} {tuple(weights.shape)}".encode() + weights.numpy().tobytes())
        return found.hexdigest()[:16]

    @cached_property
    def _network(self) -> Any:
        network = with_weights(lambda: build_network(self.about), self._weights, self.device)
        return network.to(memory_format=torch.channels_last) if self.takes_pictures else network

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Embedded:
        """Embed samples of the shape that it was trained on.

        Args:
            images: Pictures ``(n, channels, height, width)`` in [0, 1], or rows ``(n, dim)``.

        Returns:
            ``features`` ``(n, features)`` and ``probs`` ``(n, classes + 1)``, whose last column is "none of them".

        Raises:
            ValueError: If the shape, the type or the range of the values is another.
        """
        if self.takes_pictures:
            check_pictures(images, self.shape)
        else:
            images = images.flatten(1)
            check_rows(images, self.shape[0])
        return embed_in_chunks(self._network, images, device=self.device, chunk=CHUNK)

    def accepts(self, probs: Tensor) -> Tensor:
        """Whether each sample counts as data: its last probability lies below the threshold."""
        return probs[:, -1] < self.threshold

    def unseen(self, samples: Tensor) -> Tensor:
        """Which samples it did not learn from."""
        return ~torch.isin(hashes(samples), self.seen)


def hashes(samples: Tensor) -> Tensor:
    """One whole number a sample, the same for the same pixels whether they came as bytes or as floats in [0, 1]."""
    flat = samples.detach().flatten(1)
    flat = (flat * 255).round().to(torch.uint8) if samples.ndim == 4 else flat.float()
    short = [hashlib.blake2b(row.tobytes(), digest_size=7).digest() for row in flat.contiguous().numpy()]
    return torch.tensor([int.from_bytes(digest, "big") for digest in short], dtype=torch.int64)


def _checked(about: Any, weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """The description, if it is one of this version and fits the weights."""
    version = about.get("format") if isinstance(about, Mapping) else None
    if version != FORMAT:
        raise ValueError(f"a classifier of format {FORMAT} is needed, got {version}: train it again.")
    try:
        with torch.device("meta"):  # an absurd size takes no memory
            wanted = {name: tuple(w.shape) for name, w in build_network(about).state_dict().items()}
        modes, threshold = about["modes"], float(about["threshold"])
        fits = len(modes) == about["network"]["classes"] and all(isinstance(mode, str) for mode in modes)
        fits = fits and isinstance(about["name"], str) and 0 < threshold <= 1
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError) as error:
        raise ValueError(
            f"the classifier is described wrongly ({' '.join(str(error).split())}): train it again."
        ) from error
    if not fits or wanted != {name: tuple(w.shape) for name, w in weights.items()}:
        raise ValueError("the classifier's description does not fit its weights: train it again.")
    return dict(about)
