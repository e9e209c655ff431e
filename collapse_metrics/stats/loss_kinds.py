"""What do the losses of each kind of GAN mean? Their level at chance, and what their sign says."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class LossKind:
    """One kind of adversarial loss.

    Attributes:
        name: As in the literature.
        at_chance: The discriminator's loss, summed over real and generated samples, when it cannot tell them apart;
            none where the level has no meaning.
        reading: What may be read from the two losses, in words.
    """

    name: str
    at_chance: float | None
    reading: str


KINDS = {
    kind.name: kind
    for kind in (
        LossKind(
            "non_saturating",
            2 * math.log(2),
            "The discriminator's loss is 2 ln 2 = 1.386 at chance and falls to 0 as it wins. The generator's is ln 2 "
            "at chance and grows without end as it loses: a rising generator loss says who wins, not how the "
            "samples look.",
        ),
        LossKind(
            "saturating",
            2 * math.log(2),
            "The discriminator's loss is 2 ln 2 = 1.386 at chance. The generator's is its negative part: -ln 2 at "
            "chance, near 0 where the discriminator wins and the gradient fades.",
        ),
        LossKind(
            "least_squares",
            0.5,
            "With labels 0 and 1 the discriminator's loss, the sum of two mean squares, is 0.5 at chance (every "
            "answer one half) and 0 when it wins. Halved losses are 0.25 at chance.",
        ),
        LossKind(
            "hinge",
            2.0,
            "The discriminator's loss is 2 at chance (every answer 0) and 0 when it wins. The generator's is minus a "
            "mean of scores: its sign and level mean nothing.",
        ),
        LossKind(
            "wasserstein",
            None,
            "Minus the critic's loss estimates the distance between the two laws, in units of the critic's slope; "
            "negative losses are normal. Only its course says something, and only while the critic is near its "
            "optimum. The generator's loss is fixed up to a constant: its sign and level mean nothing.",
        ),
    )
}
"""The kinds by name. Levels follow from the definitions; the reading of Wasserstein losses is that of their authors
(M. Arjovsky, martinarjovsky/WassersteinGAN, issues 17 and 27)."""


def loss_kind(name: str) -> LossKind:
    """The kind of that name."""
    if name not in KINDS:
        raise ValueError(f"`loss_kind` must be one of {', '.join(KINDS)}, got {name!r}.")
    return KINDS[name]
