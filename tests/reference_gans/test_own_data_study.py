"""The study of one's own data: its rubbish is of the pictures' shape, and its page says what was measured."""

import json

import numpy as np
import pytest
import torch

from reference_gans.data.shapes import coloured_shapes
from reference_gans.studies import DOCS, own_data


@pytest.mark.parametrize("kind", own_data.HELD_OUT.values(), ids=own_data.HELD_OUT.keys())
def test_rubbish_is_of_the_pictures_shape_and_is_no_picture_of_theirs(kind, rng):
    pictures, kinds = coloured_shapes(20, rng=np.random.default_rng(0))
    images = torch.from_numpy(pictures).float() / 255
    found = kind(images, torch.from_numpy(kinds), 9, rng)
    assert found.shape == (9, 3, 32, 32)
    assert 0 <= found.min() <= found.max() <= 1
    assert not any(torch.equal(one, image) for one in found for image in images)


def test_the_page_is_what_was_measured():
    about = json.loads((DOCS / "own_data.json").read_text())
    assert (DOCS / "own_data.md").read_text() == "\n".join(own_data.page(about)) + "\n"


def test_verdicts_are_right_nearly_always():
    about = json.loads((DOCS / "own_data.json").read_text())
    assert sum(one["hits"] for one in about["verdicts"]) >= 0.9 * sum(one["of"] for one in about["verdicts"])
