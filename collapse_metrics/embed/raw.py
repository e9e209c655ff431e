"""What if the samples themselves are the features?"""

import hashlib

import torch
from torch import Tensor

from collapse_metrics.embed._base import Embedded, Embedder


class Raw(Embedder):
    """The identity: every sample is flattened to one row, and that row is its own feature vector.

    Right for points, tables and short sequences; for pictures it answers "are these the same pixels?", and
    sees two shifted copies as strangers. It has no classes, so modes must come from known centres or from
    bins of the reference.

    Example:
        >>> import torch
        >>> Raw()(torch.zeros(3, 2, 5)).features.shape
        torch.Size([3, 10])
    """

    name = "raw"
    modes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Of the code alone: there are no weights."""
        return hashlib.sha256(b"raw-1").hexdigest()[:16]

    @property
    def takes_pictures(self) -> bool:
        """Raw rows are in whatever unit they came in."""
        return False

    def __call__(self, images: Tensor) -> Embedded:
        """Flatten each sample."""
        return Embedded(features=torch.as_tensor(images).flatten(1).float(), probs=None)
