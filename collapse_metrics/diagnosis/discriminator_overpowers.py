"""Rule: does the discriminator win outright?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.records import Status

WINS_BELOW = 0.1
"""Loss of D over its loss at chance. A tenth of 2 ln 2 is what a D pays that gives its samples a mean log-probability
of -0.07: it is right, and sure of it, on nearly every one. A convention; it never makes a verdict worse."""

WINS_ABOVE = 0.99
"""Accuracy of D on real and generated samples together."""


@rule(
    needs=("loss_balance or d_accuracy",),
    remedies=(
        "none needed while the samples are healthy and change: read the samples, not the losses (cost: none)",
        "lower D's learning rate, or G's higher (cost: none)",
        "R1 on D, or a little noise on what D sees (cost: one more backward pass a D step, or none)",
    ),
    shown_by="mnist_first_attempt",
)
def discriminator_overpowers(evidence: Evidence) -> Answer:
    """The discriminator tells nearly every sample. By itself this is no sign of collapse."""
    balance, accuracy = evidence.get("loss_balance"), evidence.get("d_accuracy")
    wins, said = [], []
    if balance is not None:
        said.append(f"D's loss is {balance.value:.2f} of its loss at chance")
        wins.append(balance.value < WINS_BELOW)
    if accuracy is not None:
        said.append(f"D is right on {accuracy.value:.1%} of the samples")
        wins.append(accuracy.value > WINS_ABOVE)
    return Answer(Status.FOUND if any(wins) else Status.CLEAR, "; ".join(said), float(any(wins)))
