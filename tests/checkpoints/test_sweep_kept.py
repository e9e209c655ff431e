import json

import pytest

from collapse_metrics.checkpoints.kept import LOG, Kept, content_of
from collapse_metrics.records import Measurement, Scorecard, Verdict

CARD = Scorecard(Verdict.HEALTHY, (), (Measurement("coverage", 0.9, 0.8, 1.0),), {"n_fake": 300})


@pytest.fixture
def kept(tmp_path):
    return Kept(tmp_path / "kept", {"reference": "abc", "seed": 0})


def put(kept, sha="s", n=300):
    kept.put(sha, CARD, n=n, path=kept.folder / "G_1.pt", seconds=1.0)


def test_gives_back_what_was_kept(kept):
    assert kept.get("s", n=300) is None
    put(kept)
    assert kept.get("s", n=300) == CARD


def test_other_content_size_or_options_are_other_scores(kept):
    put(kept)
    assert kept.get("t", n=300) is None
    assert kept.get("s", n=301) is None
    for changed in ({"reference": "abd"}, {"seed": 1}, {"prefix": "G."}):
        assert Kept(kept.folder, {**kept.asked, **changed}).get("s", n=300) is None
    assert Kept(kept.folder, dict(reversed(kept.asked.items()))).get("s", n=300) == CARD


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"form": 1}', '{"form": 0, "card": {}}', '{"form": 1, "card": 3}'])
def test_a_damaged_score_is_none_and_is_written_anew(kept, damage):
    put(kept)
    (file,) = kept.folder.glob("*/*.json")
    file.write_text(damage)
    assert kept.get("s", n=300) is None
    put(kept)
    assert kept.get("s", n=300) == CARD


def test_no_half_file_is_left_and_every_score_is_logged(kept):
    put(kept)
    put(kept, sha="t")
    assert not list(kept.folder.rglob("*.part"))
    lines = [json.loads(line) for line in (kept.folder / LOG).read_text().splitlines()]
    assert [line["sha256"] for line in lines] == ["s", "t"]


def test_the_content_counts_and_not_the_name(tmp_path):
    for name, text in (("a", "one"), ("b", "one"), ("c", "two")):
        (tmp_path / name).write_text(text)
        (tmp_path / f"folder_{name}").mkdir()
        (tmp_path / f"folder_{name}" / "inside").write_text(text)
    of = {name: content_of(tmp_path / name) for name in ("a", "b", "c", "folder_a", "folder_b", "folder_c")}
    assert of["a"] == of["b"] != of["c"]
    assert of["folder_a"] == of["folder_b"] != of["folder_c"]
    (tmp_path / "folder_b" / "inside").rename(tmp_path / "folder_b" / "renamed")
    assert content_of(tmp_path / "folder_b") != of["folder_a"]
