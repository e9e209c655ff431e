"""How does an embedder learn one's own classes? Small classifiers for labelled pictures or rows."""
