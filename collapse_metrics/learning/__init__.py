"""How does an embedder learn one's own classes? Small classifiers for labelled pictures or rows."""

from collapse_metrics.learning.train import classes_of, train_classifier

__all__ = ["classes_of", "train_classifier"]
