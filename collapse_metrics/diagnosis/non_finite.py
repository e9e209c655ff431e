"""Rule: does the generator put out numbers at all?"""

from collapse_metrics._registry import Evidence, rule
from collapse_metrics.records import Status


@rule(
    needs=("finite_share",),
    remedies=(
        "go back to the last checkpoint before it and halve the learning rate",
        "clip gradients by norm (torch.nn.utils.clip_grad_norm_)",
        "with mixed precision, keep the discriminator's loss and penalties in float32",
    ),
)
def non_finite(evidence: Evidence) -> tuple[Status, str]:
    """The generator puts out NaN or infinity: its weights have diverged."""
    share = evidence["finite_share"]
    bad = round((1 - share.value) * (share.n_fake or 0))
    sentence = f"{bad} of {share.n_fake} samples hold NaN or infinity"
    return (Status.FOUND if bad else Status.CLEAR), sentence
