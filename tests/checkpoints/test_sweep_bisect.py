import math
from pathlib import Path

import pytest

from collapse_metrics.checkpoints.bisect import bisect
from collapse_metrics.checkpoints.kept import Kept
from collapse_metrics.checkpoints.probed import parting_measure, probability_good
from collapse_metrics.checkpoints.steps import Source
from collapse_metrics.records import Finding, Measurement, Scorecard, Status, Verdict

LEVELS = {"h": (Verdict.HEALTHY, 0.9), "p": (Verdict.PARTIAL_COLLAPSE, 0.6), "c": (Verdict.COLLAPSE, 0.1)}
LEVELS |= {"n": (Verdict.BROKEN, 0.0), "?": (Verdict.INCONCLUSIVE, 0.5)}


def card(letter, n, value=None, half=0.05):
    verdict, usual = LEVELS[letter]
    value = usual if value is None else value
    found = {"n": "off_manifold", "p": "mode_dropping", "c": "total_collapse"}.get(letter)
    findings = (Finding(found, Status.FOUND, "so it is", ""),) if found else ()
    measured = (Measurement("coverage", value, value - half, value + half, n_fake=n),)
    return Scorecard(verdict, findings, measured, {"n_fake": n})


class Judge:
    """One letter a checkpoint: healthy, partial collapse, collapse, noise, not told, x damaged."""

    def __init__(self, letters, tmp_path):
        self.letters, self.asked = letters, []
        self.sources = [Source(tmp_path / f"G_{step}.txt", step) for step in range(len(letters))]
        for source in self.sources:
            source.path.write_text(str(source.step))

    def __call__(self, path, *, n):
        step = int(path.read_text())
        self.asked.append((step, n))
        if self.letters[step] == "x":
            raise ValueError(f"{path.name} is damaged.")
        return card(self.letters[step], n)


@pytest.fixture
def search(tmp_path):
    def run(letters, **options):
        judge = Judge(letters, tmp_path)
        return bisect(judge.sources, score=judge, n=100, **options), judge

    return run


def ends(found):
    return found.last_good and found.last_good.step, found.first_bad and found.first_bad.step


@pytest.mark.parametrize("change", range(1, 60))
def test_finds_every_place_among_sixty_in_nine_scores(change, search):
    found, judge = search("h" * change + "c" * (60 - change))
    assert ends(found) == (change - 1, change)
    assert len(judge.asked) == found.scores <= 9
    assert found.how == "bisection"


def test_takes_the_logarithm_of_a_thousand(search):
    found, _ = search("h" * 617 + "c" * 383)
    assert ends(found) == (616, 617)
    assert found.scores <= 2 + math.ceil(math.log2(999)) + 1


def test_the_looks_for_a_contradiction_can_be_left_out(search):
    assert search("h" * 30 + "c" * 30, checks=0)[0].scores <= 8


def test_partial_collapse_is_bad_where_the_training_began_in_health(search):
    assert ends(search("hhhhpppppccccc")[0]) == (3, 4)


def test_where_it_began_in_partial_collapse_the_collapse_is_found(search):
    assert ends(search("ppppppppcccccc")[0]) == (7, 8)


def test_noise_at_the_start_is_passed_over(search):
    found, _ = search("nnn" + "h" * 30 + "c" * 27)
    assert ends(found) == (32, 33)
    assert "both ends are bad" in found.why
    assert found.scores <= 12


def test_where_both_ends_are_bad_and_nothing_is_good_all_are_scored_and_it_says_so(search):
    found, judge = search("cccccc")
    assert ends(found) == (None, 0)
    assert (found.how, len(judge.asked)) == ("all", 6)
    assert "not one checkpoint is good" in found.why
    assert "bad from the first checkpoint on" in str(found)


def test_where_the_last_is_good_nothing_lasts_to_the_end(search):
    found, judge = search("hhcchhhh")
    assert ends(found) == (None, None)
    assert len(judge.asked) == 2
    assert "the last checkpoint is good" in str(found)


def test_a_look_that_contradicts_has_all_scored(search):
    letters = "h" * 10 + "c" * 10 + "h" * 20 + "c" * 20
    found, judge = search(letters)
    assert found.how == "all"
    assert len(judge.asked) == 60
    assert ends(found) == (39, 40)
    assert "is good after the bad" in found.why


def test_a_contradiction_beside_the_place_is_looked_for(search):
    """Bisection alone would look at 0, 39, 19, 29, 24, 21, 20 and 22 or 23: never at the gap from 1 to 18."""
    letters = "h" * 5 + "c" * 12 + "h" * 3 + "c" * 20
    blind, _ = search(letters, checks=0)
    assert blind.how == "bisection"
    found, _ = search(letters, checks=1)
    assert found.how == "all"
    assert ends(found) == (19, 20)


def test_what_cannot_be_told_is_looked_at_with_more_samples_and_then_set_aside(search):
    found, judge = search("hhhhh?ccccc")
    assert ends(found) == (4, 6)
    assert [n for step, n in judge.asked if step == 5] == [100, 400, 1600]
    assert [source.step for source in found.set_aside_between] == [5]
    assert "1 between the two could not be told" in str(found)


def test_more_samples_can_decide(tmp_path):
    judge = Judge("hhhhh?ccccc", tmp_path)

    def score(path, *, n):
        told = judge(path, n=n)
        return card("p", n) if told.verdict == "inconclusive" and n == 400 else told

    found = bisect(judge.sources, score=score, n=100)
    assert ends(found) == (4, 5)
    assert next(c for c in found.comparisons if c.source.step == 5).n == 400


def test_a_good_verdict_on_the_wrong_side_of_the_middle_is_looked_at_again(tmp_path):
    judge = Judge("hhhhhhccccc", tmp_path)

    def score(path, *, n):
        told = judge(path, n=n)
        return card("h", n, value=0.45) if path.read_text() == "5" else told

    found = bisect(judge.sources, score=score, n=100, n_most=400)
    assert [n for step, n in judge.asked if step == 5] == [100, 400]
    doubtful = next(c for c in found.comparisons if c.source.step == 5)
    assert not doubtful.bad
    assert doubtful.confidence < 0.5
    assert found.confidence == doubtful.confidence


def test_finished_samples_have_no_more_and_are_asked_once(tmp_path):
    judge = Judge("hhh?ccc", tmp_path)

    def score(path, *, n):
        judge(path, n=n)
        return card(judge.letters[int(path.read_text())], 100)

    bisect(judge.sources, score=score, n=100)
    assert [n for step, n in judge.asked if step == 3] == [100, 400]


def test_damaged_files_are_set_aside_at_the_ends_and_between(search):
    found, _ = search("xhhhxcccx")
    assert ends(found) == (3, 5)
    assert {source.step for source in found.set_aside} == {0, 4, 8}
    damaged = next(c for c in found.comparisons if c.source.step == 4)
    assert damaged.because == "G_4.txt is damaged."


def test_too_few_that_can_be_scored_are_an_error(search, tmp_path):
    with pytest.raises(ValueError, match="two checkpoints that can be scored"):
        search("xxhxx")
    with pytest.raises(ValueError, match="two checkpoints that can be scored.*damaged"):
        search("xxx")
    with pytest.raises(ValueError, match="two checkpoints or more"):
        search("h")


def test_scores_are_shared_through_the_cache(tmp_path):
    judge, kept = Judge("h" * 20 + "c" * 20, tmp_path), Kept(tmp_path / "kept")
    first = bisect(judge.sources, score=judge, n=100, kept=kept)
    again = bisect(judge.sources, score=judge, n=100, kept=kept)
    assert (again.scores, again.from_cache) == (0, first.scores)
    assert ends(again) == ends(first) == (19, 20)


def test_the_measure_that_parts_the_ends_is_chosen_and_gives_the_probability():
    good, bad = card("h", 100, 0.9), card("c", 100, 0.1)
    assert parting_measure(good, bad) == "coverage"
    assert parting_measure(good, good) is None
    sure = [probability_good(card("h", 100, value), "coverage", good=good, bad=bad) for value in (0.9, 0.5, 0.1)]
    assert sure[0] > 0.999
    assert sure[1] == pytest.approx(0.5)
    assert sure[2] == pytest.approx(1 - sure[0])


def test_a_record_of_it_is_plain_json(search):
    import json

    told = json.loads(json.dumps(search("hhhcc")[0].to_dict()))
    assert (told["last_good"]["step"], told["first_bad"]["step"], told["how"]) == (2, 3, "bisection")
    assert {c["step"] for c in told["comparisons"]} >= {0, 2, 3, 4}
    assert Path(told["first_bad"]["path"]).name == "G_3.txt"
