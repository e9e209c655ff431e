"""Rule: does the generator listen to its noise?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.records import Status

IGNORED_BELOW = 0.1
"""A linear generator scores 1 in both probes, an indifferent one 0; trained healthy recipes score above 0.4
(docs/studies/recipes.md). A tenth leaves room for generators that answer in plateaus."""


@rule(
    needs=("latent_sensitivity", "one_hot_sensitivity"),
    remedies=(
        "check that the noise reaches the first layer, and that it is drawn anew for every batch (cost: none)",
        "remove conditions that already decide the output, or add noise in deeper layers (cost: next to none)",
        "mode-seeking regularisation: reward distance between samples of distant latents (cost: a second pass of G)",
    ),
    shown_by="mnist_mlp_collapsed",
)
def latent_ignored(evidence: Evidence) -> Answer:
    """The noise hardly changes the sample."""
    near, hot = evidence["latent_sensitivity"], evidence["one_hot_sensitivity"]
    sentence = (
        f"a small move of the noise has {near.value:.2f}, one-hot noise {hot.value:.2f} of a linear generator's effect"
    )
    ends = [m.value if m.high is None else m.high for m in (near, hot)]
    ignored = 1 - max(near.value, hot.value)
    return Answer(Status.FOUND if max(ends) < IGNORED_BELOW else Status.CLEAR, sentence, ignored)
