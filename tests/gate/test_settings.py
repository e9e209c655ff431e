"""What a project may decide in its pyproject.toml, and what is refused."""

import pytest

from collapse_metrics.gate.settings import Settings


def written(folder, text):
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_the_table_of_the_nearest_project_counts(tmp_path):
    written(
        tmp_path, '[tool.collapse_metrics]\nbaseline = "b.json"\nalpha = 0.02\nmargin = 0.1\nrequire = ["duplicates"]\n'
    )
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    written(inner, "[project]\nname = 'inner'\n")  # has nothing to say about the gate
    found = Settings.find(inner)
    assert found.baseline == tmp_path / "b.json"
    assert found.alpha == 0.02
    assert found.margin["rke"] == 0.1
    assert found.require == ("duplicates",)


def test_a_margin_of_one_measure_goes_before_that_of_all(tmp_path):
    written(tmp_path, "[tool.collapse_metrics]\nmargin = 0.1\n[tool.collapse_metrics.margins]\nrke = 0.2\n")
    found = Settings.find(tmp_path)
    assert (found.margin["rke"], found.margin["mode_share"]) == (0.2, 0.1)


def test_without_a_table_nothing_is_decided(tmp_path):
    assert Settings.read(written(tmp_path, "[project]\n") / "pyproject.toml") is None
    assert Settings().over(alpha=None, n=5) == Settings(n=5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool.collapse_metrics]\nfid = 3\n", "got fid"),
        ('[tool.collapse_metrics]\nalpha = "small"\n', "must be a int or float"),
        ("[tool.collapse_metrics]\nn = true\n", "must be a int"),
        ("[tool.collapse_metrics]\nvalue_range = [1]\n", "must be two numbers"),
        ("[tool.collapse_metrics\n", "is no TOML"),
    ],
)
def test_what_makes_no_sense_is_refused(text, says, tmp_path):
    with pytest.raises(ValueError, match=says):
        Settings.find(written(tmp_path, text))
