"""Which three digits are stacked in the colours of this picture?"""

import hashlib

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from collapse_metrics.embed._base import Embedded, Embedder
from collapse_metrics.embed.mnist import NOT_A_DIGIT, MnistDigits

CODE_VERSION = 1
"""Part of the fingerprint: raise it when this file changes what comes out for the same weights."""

CHUNK = 2048
"""Pictures whose thousand probabilities are worked out at once: 8 MB beside the result."""


class StackedDigits(Embedder):
    """The packaged embedder of Stacked MNIST: a digit in each of three colours, 1,000 modes.

    The picture's three channels go through the packaged classifier of digits one after the other. The mode is the
    number that the digits of the first, second and third channel spell, "000" to "999".

    Reading the result:
        - ``probs[:, :1000]`` say which number, as products of the channels' own probabilities, and
          ``probs[:, 1000]`` how sure the classifier is that its *worst* channel is no digit. ``accepts(probs)``
          applies the classifier's own threshold, so that a picture counts when all three channels do.
        - ``features`` are the three channels' features beside each other.
        - **Blind to** what the digit classifier is blind to, three times. Real digits are accepted and named rightly
          in each channel with probability 0.99 or so, in all three with its cube.
        - **Compare only** results of one ``fingerprint``. Published counts of modes come from other classifiers, most
          of which have no way to say that a picture shows no digit.

    A reference of all 1,000 modes needs some ten thousand real stacks, or modes are missing in it and are then not
    asked for. The confusion is that of single digits, pooled over the channels and multiplied out, so that a few
    hundred labelled stacks are enough for it.

    Args:
        device: Where the network runs. Results always come back on the CPU.

    Cost:
        About two thirds of a millisecond a picture on one CPU core. Memory, beside the pictures: 5 kB each, 0.13 GB
        for the 26,000 of the published protocol.

    Example:
        >>> import torch
        >>> embedded = StackedDigits()(torch.zeros(2, 3, 28, 28))
        >>> embedded.features.shape, embedded.probs.shape
        (torch.Size([2, 192]), torch.Size([2, 1001]))

    Reference:
        The data set is from Metz, Poole, Pfau, Sohl-Dickstein, *Unrolled Generative Adversarial Networks*, ICLR 2017,
        the protocol of 26,000 samples from Srivastava et al., *VEEGAN*, NeurIPS 2017.
    """

    name = "stacked_mnist"
    modes = tuple(f"{number:03d}" for number in range(1000))
    parts = 3

    def __init__(self, device: str | torch.device = "cpu") -> None:
        self._digits = MnistDigits(device)

    @property
    def fingerprint(self) -> str:
        """A short hash of the weights and of the version of the code."""
        return hashlib.sha256(f"{self._digits.fingerprint} {CODE_VERSION}".encode()).hexdigest()[:16]

    def __call__(self, images: Float[Tensor, "n 3 28 28"]) -> Embedded:
        """Embed pictures.

        Args:
            images: White ink on black in each channel, in [0, 1].

        Returns:
            ``features`` ``(n, 192)`` and ``probs`` ``(n, 1001)``, whose last column is "some channel is no digit".

        Raises:
            ValueError: If the shape, the type or the range of the values is another.
        """
        if images.ndim != 4 or images.shape[1:] != (3, 28, 28):
            raise ValueError(
                f"`images` must be (n, 3, 28, 28) pictures, one digit in each channel, got shape "
                f"{tuple(images.shape)}: pass embedder='mnist' for single digits, or resize the pictures to 28 x 28."
            )
        channels = [self._digits(images[:, channel : channel + 1]) for channel in range(3)]
        probs = [channel.probs for channel in channels if channel.probs is not None]
        return Embedded(features=torch.cat([channel.features for channel in channels], dim=1), probs=_numbers(*probs))

    @staticmethod
    def accepts(probs: Float[Tensor, "n 1001"]) -> Bool[Tensor, " n"]:
        """Whether all three channels of each picture count as digits."""
        return probs[:, -1] < NOT_A_DIGIT


def _numbers(
    first: Float[Tensor, "n 11"], second: Float[Tensor, "n 11"], third: Float[Tensor, "n 11"]
) -> Float[Tensor, "n 1001"]:
    """Probabilities of the numbers that three digits spell, and of the worst channel being no digit."""
    rubbish = torch.stack([first[:, -1], second[:, -1], third[:, -1]]).amax(dim=0)
    digits = [p[:, :-1] / p[:, :-1].sum(dim=1, keepdim=True).clamp_min(1e-30) for p in (first, second, third)]
    probs = torch.empty(len(first), 1001)
    for start in range(0, len(first), CHUNK):
        rows = slice(start, start + CHUNK)
        a, b, c = (d[rows] for d in digits)
        a = a * (1 - rubbish[rows])[:, None]
        probs[rows, :-1] = torch.einsum("na,nb,nc->nabc", a, b, c).flatten(1)
    probs[:, -1] = rubbish
    return probs
