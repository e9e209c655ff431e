"""Rule: does the generator put out numbers at all?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.records import Status


@rule(
    needs=("finite_share",),
    remedies=(
        "go back to the last checkpoint before it and halve the learning rate (cost: the steps since)",
        "clip gradients by norm (torch.nn.utils.clip_grad_norm_; cost: next to none)",
        "with mixed precision, keep the discriminator's loss and penalties in float32 (cost: some memory)",
    ),
    shown_by="digits/not finite",
)
def non_finite(evidence: Evidence) -> Answer:
    """The generator puts out NaN or infinity: its weights have diverged."""
    share = evidence["finite_share"]
    bad = round((1 - share.value) * (share.n_fake or 0))
    sentence = f"{bad} of {share.n_fake} samples hold NaN or infinity"
    # Weights that have diverged for some latents have diverged: the share of them is chance.
    return Answer(Status.FOUND if bad else Status.CLEAR, sentence, float(bad > 0))
