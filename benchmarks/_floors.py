"""What would it take at the very least? The bare matrix products in float32, and one look at each entry."""

from typing import Any

from benchmarks._ours import Values

BLOCK = 1_024
"""Rows of a product at a time, written into the same buffer again and again."""

WINDOW = 11
"""Side of the window in which pictures are compared."""


def three_products(data: dict[str, Any]) -> Values:
    """Half of real with real, half of fake with fake, and real with fake."""
    _half(data["real"])
    _half(data["fake"])
    _whole(data["real"], data["fake"])
    return {}


def two_products_of_fitted(data: dict[str, Any]) -> Values:
    """Half of fake with fake, and real with fake."""
    _half(data["fake"])
    _whole(data["real"], data["fake"])
    return {}


def two_products_of_real(data: dict[str, Any]) -> Values:
    """Half of real with real, and real with fake."""
    _half(data["real"])
    _whole(data["real"], data["fake"])
    return {}


def one_covariance(data: dict[str, Any]) -> Values:
    """Mean and scatter of the generated features."""
    _scatter(data["fake"])
    return {}


def two_covariances(data: dict[str, Any]) -> Values:
    """Means and scatters; the root of their product is not in it."""
    _scatter(data["real"])
    _scatter(data["fake"])
    return {}


def products_of_windows(data: dict[str, Any]) -> Values:
    """At each place of the window, the products of all pictures' windows there."""
    windows = data["pictures"].unfold(1, WINDOW, 1).unfold(2, WINDOW, 1)
    n, height, width = windows.shape[:3]
    for row in range(height):
        for column in range(width):
            seen = windows[:, row, column].reshape(n, -1)
            (seen @ seen.T).amin()
    return {}


def _scatter(x: Any) -> None:
    x.mean(dim=0)
    x.T @ x


def _whole(x: Any, y: Any) -> None:
    """All products, each looked at once."""
    _blocks(x, lambda start: y)


def _half(x: Any) -> None:
    """The products on and above the diagonal, block by block."""
    _blocks(x, lambda start: x[start:])


def _blocks(x: Any, columns_from: Any) -> None:
    import torch

    buffer = torch.empty(BLOCK * len(columns_from(0)))
    for start in range(0, len(x), BLOCK):
        rows, columns = x[start : start + BLOCK], columns_from(start)
        block = buffer[: len(rows) * len(columns)].view(len(rows), len(columns))
        torch.mm(rows, columns.T, out=block)
        block.amin(dim=1)
