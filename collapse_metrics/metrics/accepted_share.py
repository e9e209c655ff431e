"""Accepted share: how many generated samples are like the data at all?"""

import torch
from jaxtyping import Bool
from torch import Tensor

from collapse_metrics._checks import check_rows
from collapse_metrics._registry import metric


@metric(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/1606.03498")
def accepted_share(*, accepted: Bool[Tensor, " n_fake"]) -> float:
    """Share of generated samples that the reference takes for data of its kind.

    With a packaged classifier, a sample is set aside when its class *not like the data* is too likely; with
    other embedders, when it lies further from every reference sample than real data do. What is set aside is
    not counted as a mode: a classifier without this exit calls noise "8".

    Reading the number:
        - **Healthy**: what real data score, 0.99 by construction; small GANs land at 0.8 to 1.
        - **Broken**: 0, for noise, wrong value ranges, averages of pictures.
        - **Blind to** collapse: a thousand copies of one good picture score 1.
        - **Compare only** scores of one embedder and reference.

    Args:
        accepted: For each generated sample, whether it was taken for data.

    Returns:
        The share, from 0 to 1.

    Raises:
        ValueError: If there is no sample.

    Cost:
        Time ``n_fake``.

    Example:
        >>> import torch
        >>> accepted_share(accepted=torch.tensor([True, True, True, False]))
        0.75

    Reference:
        The need for it was seen early (Salimans et al., *Improved Techniques for Training GANs*, 2016, ask for
        confident predictions); a separate class for rubbish is ours to train and to test.
    """
    check_rows(1, accepted=accepted)
    return torch.as_tensor(accepted).double().mean().item()
