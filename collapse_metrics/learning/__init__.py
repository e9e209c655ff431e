"""How does an embedder learn one's own classes? Small classifiers for labelled pictures or rows."""

from collapse_metrics.learning.train import classes_of, examined, train_classifier

__all__ = ["classes_of", "examined", "train_classifier"]
