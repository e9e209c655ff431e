"""Which garment is it, is it a garment at all, and which pictures of garments are alike?"""

from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from collapse_metrics.embed._base import Embedded, Embedder
from collapse_metrics.embed.trained import TrainedClassifier

WEIGHTS = Path(__file__).parent / "weights" / "fashion_mnist.safetensors"
"""Half-precision weights, batch norms folded in; made by ``reference_gans.studies.fashion_classifier``."""

GARMENTS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
"""Classes in the order of the data set's labels."""


class FashionClothes(Embedder):
    """The packaged embedder of Fashion-MNIST: 64 features, ten garments and "not a garment".

    A small convolutional network, trained on rows 12,000 to 59,999 of Fashion-MNIST's training file and on pictures
    that are no garments: noise, averages, blurs, shuffled patches, speckle, digits, the output of GANs that have barely
    begun. Faint, noisy, soft and mirrored garments, and garments with a hole, were shown to it as garments.

    Reading the result:
        - ``probs[:, :10]`` say which garment; ``probs[:, 10]`` says how sure it is that it is none.
          ``accepts(probs)`` applies the threshold, calibrated on pictures that the classifier never saw.
        - ``features`` are the outputs of a *linear* layer, before its ReLU, each with a mean of about 0 and a standard
          deviation of about 1 over the training pictures.
        - **Blind to** the seam between shirts, T-shirts, pullovers and coats, where nearly one shirt in four is named
          wrongly: the reference's confusion matrix allows for it. ``docs/studies/fashion_classifier.md`` has the table,
          and every kind of picture that is let through.
        - **Compare only** results of one ``fingerprint``.

    Args:
        device: Where the network runs. Results always come back on the CPU.

    Cost:
        About a quarter of a millisecond a picture on one CPU core.

    Example:
        >>> import torch
        >>> clothes = FashionClothes()
        >>> embedded = clothes(torch.zeros(2, 1, 28, 28))
        >>> embedded.features.shape, embedded.probs.shape
        (torch.Size([2, 64]), torch.Size([2, 11]))
        >>> clothes.accepts(embedded.probs)
        tensor([False, False])

    Reference:
        Xiao, Rasul, Vollgraf. *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms*.
        2017. https://arxiv.org/abs/1708.07747.
    """

    name = "fashion_mnist"
    modes = GARMENTS

    def __init__(self, device: str | torch.device = "cpu") -> None:
        self.device = torch.device(device)

    @cached_property
    def _clothes(self) -> TrainedClassifier:
        return TrainedClassifier.load(WEIGHTS, device=self.device)

    @property
    def fingerprint(self) -> str:
        """A short hash of the weights, the threshold and the version of the code."""
        return self._clothes.fingerprint

    def __call__(self, images: Float[Tensor, "n 1 28 28"]) -> Embedded:
        """Embed pictures.

        Args:
            images: Bright garments on black, in [0, 1].

        Returns:
            ``features`` ``(n, 64)`` and ``probs`` ``(n, 11)``, whose last column is "not a garment".

        Raises:
            ValueError: If the shape, the type or the range of the values is another.
        """
        return self._clothes(images)

    def accepts(self, probs: Float[Tensor, "n 11"]) -> Bool[Tensor, " n"]:
        """Whether each picture counts as a garment: its last probability lies below the file's threshold."""
        return self._clothes.accepts(probs)
