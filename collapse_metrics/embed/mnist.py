"""Which digit is it, is it a digit at all, and which pictures of digits are alike?"""

import hashlib
from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from safetensors.torch import load
from torch import Tensor

from collapse_metrics.embed._base import Embedded, Embedder
from collapse_metrics.embed._checks import check_pictures
from collapse_metrics.embed._networks import ConvNetwork, embed_in_chunks, with_weights

WEIGHTS = Path(__file__).parent / "weights" / "mnist.safetensors"
"""Half-precision weights, batch norms folded in; made by ``reference_gans.studies.digit_classifier``."""

CODE_VERSION = 1
"""Part of the fingerprint: raise it when this file changes what comes out for the same weights."""

CONVOLUTIONS = ((1, 32, 5, 2), (32, 32, 3, 1), (32, 64, 3, 2), (64, 64, 3, 1), (64, 128, 3, 2))
"""Channels in, channels out, kernel and stride of each convolution; a ReLU follows each."""

FEATURES = 64
"""Width of the feature layer."""

NOT_A_DIGIT = 0.05
"""A picture counts as a digit when its probability of being none lies below this. Calibrated on rows 6,000 to 11,999
of MNIST's training file, which the classifier never saw: it keeps 99.9 % of them and halves what gets through of the
held-out garbage, compared with one half (``docs/studies/digit_classifier.md``)."""

CHUNK = 128
"""Pictures embedded at once: bounds the memory, changes the result by rounding only. With channels last in memory
this is twice as fast on a CPU as 512 at once in the usual order."""


def digit_network() -> ConvNetwork:
    """Five convolutions, a linear layer of features, and a head of ten digits and "none"."""
    return ConvNetwork(convolutions=CONVOLUTIONS, height=28, width=28, features=FEATURES, classes=10)


class MnistDigits(Embedder):
    """The packaged embedder of 28 x 28 digits: 64 features, ten digits and "not a digit".

    A small convolutional network, trained on rows 12,000 to 59,999 of MNIST's training file and on
    pictures that are no digits: noise, averages, blurs, shuffled patches, speckle, clothes, the output of
    GANs that have barely begun. Faint, dotted, noisy, thick and thin digits were shown to it as digits.

    Reading the result:
        - ``probs[:, :10]`` say which digit; ``probs[:, 10]`` says how sure it is that it is none.
          ``accepts(probs)`` applies the calibrated threshold.
        - ``features`` are the outputs of a *linear* layer, before its ReLU, each with a mean of about 0 and
          a standard deviation of about 1 over the training pictures. While it learnt, a linear map had to
          redraw the digit from them, so two digits of one class that look different lie apart.
        - **Blind to** digits glued together from parts of real ones (the study in
          ``docs/studies/digit_classifier.md`` lists every kind of picture that it lets through; a verdict sees
          them by ``long_range_correlation``), and to everything that is not a white digit on black.
        - **Compare only** results of one ``fingerprint``.

    Args:
        device: Where the network runs. Results always come back on the CPU.

    Cost:
        About a fifth of a millisecond a picture on one CPU core.

    Example:
        >>> import torch
        >>> digits = MnistDigits()
        >>> embedded = digits(torch.zeros(2, 1, 28, 28))
        >>> embedded.features.shape, embedded.probs.shape
        (torch.Size([2, 64]), torch.Size([2, 11]))
        >>> digits.accepts(embedded.probs)
        tensor([False, False])

    Reference:
        LeCun, Cortes, Burges. *The MNIST database of handwritten digits*. http://yann.lecun.com/exdb/mnist/.
        Hendrycks, Mazeika, Dietterich. *Deep Anomaly Detection with Outlier Exposure*. ICLR 2019.
        https://arxiv.org/abs/1812.04606. We give the outliers a class of their own.
    """

    name = "mnist"
    modes = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

    def __init__(self, device: str | torch.device = "cpu") -> None:
        self.device = torch.device(device)

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of the weights and of the version of the code."""
        return hashlib.sha256(WEIGHTS.read_bytes() + str(CODE_VERSION).encode()).hexdigest()[:16]

    @cached_property
    def _network(self) -> ConvNetwork:
        network: ConvNetwork = with_weights(digit_network, load(WEIGHTS.read_bytes()), self.device)
        return network.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def __call__(self, images: Float[Tensor, "n 1 28 28"]) -> Embedded:
        """Embed pictures.

        Args:
            images: White ink on black, in [0, 1].

        Returns:
            ``features`` ``(n, 64)`` and ``probs`` ``(n, 11)``, whose last column is "not a digit".

        Raises:
            ValueError: If the shape, the type or the range of the values is another.
        """
        check_pictures(images, (1, 28, 28))
        return embed_in_chunks(self._network, images, device=self.device, chunk=CHUNK)

    @staticmethod
    def accepts(probs: Float[Tensor, "n 11"]) -> Bool[Tensor, " n"]:
        """Whether each picture counts as a digit: its last probability lies below ``NOT_A_DIGIT``."""
        return probs[:, -1] < NOT_A_DIGIT
