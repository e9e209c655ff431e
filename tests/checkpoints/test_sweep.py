"""A row of checkpoints, scored by hand-made scorecards where only the bookkeeping is asked, and by real ones else."""

import json
from pathlib import Path

import pytest
import torch

import collapse_metrics as cm
from collapse_metrics.checkpoints.kept import LOG, Kept
from collapse_metrics.checkpoints.scorer import Scorer, step_inside
from collapse_metrics.checkpoints.steps import Source, find_sources, in_order
from collapse_metrics.checkpoints.sweep import Workers, sweep
from collapse_metrics.records import Measurement, Scorecard, Verdict
from reference_gans.data import Ring
from reference_gans.fixtures.sliding import real_ring, write_checkpoints

MODEL = "reference_gans.fixtures.sliding:Sliding"


class Judge:
    """Scores by what the file says, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, path, *, n):
        self.asked.append(path.name)
        word = path.read_text().split()[0]
        if word == "broken-file":
            raise ValueError(f"{path.name} is damaged:\n  write it again.")
        if word == "odd":
            raise ZeroDivisionError("a network of users may fail\nin any way")
        return Scorecard(Verdict(word), (), (Measurement("coverage", 0.9, 0.8, 1.0, n_fake=n),), {"n_fake": n})


@pytest.fixture
def folder(tmp_path):
    def write(*words):
        for step, word in enumerate(words, start=1):
            (tmp_path / f"G_{step}.txt").write_text(f"{word} {step}")
        return in_order(find_sources([tmp_path / "G_*.txt"]))

    return write


def test_every_checkpoint_becomes_a_row_in_order_of_training(folder):
    table = sweep(folder(*["healthy"] * 9, "collapse", "collapse"), score=Judge(), n=50)
    assert [row.step for row in table.rows] == list(range(1, 12))
    assert [row.card.verdict for row in table.rows[8:]] == ["healthy", "collapse", "collapse"]


def test_what_cannot_be_scored_is_a_row_with_one_sentence(folder):
    table = sweep(folder("healthy", "broken-file", "odd", "healthy"), score=Judge(), n=50)
    assert [row.error for row in table.rows] == [
        "",
        "G_2.txt is damaged: write it again.",
        "ZeroDivisionError: a network of users may fail in any way",
        "",
    ]
    assert [row.step for row in table.failed] == [2, 3]


def test_a_file_that_is_gone_is_a_row_too(folder):
    sources = folder("healthy", "healthy")
    sources[0].path.unlink()
    table = sweep(sources, score=Judge(), n=50)
    assert "No such file" in table.rows[0].error
    assert table.rows[1].card is not None


def test_nothing_is_scored_twice(folder, tmp_path):
    sources, judge, kept = folder("healthy", "collapse", "broken-file"), Judge(), Kept(tmp_path / "kept")
    first = sweep(sources, score=judge, n=50, kept=kept)
    again = sweep(sources, score=judge, n=50, kept=kept)
    assert judge.asked == ["G_1.txt", "G_2.txt", "G_3.txt", "G_3.txt"]  # what failed is tried again
    assert [row.card for row in again.rows] == [row.card for row in first.rows]
    assert [row.from_cache for row in first.rows] == [False, False, False]
    assert [row.from_cache for row in again.rows] == [True, True, False]
    sweep(sources, score=judge, n=60, kept=kept)
    assert judge.asked[4:] == ["G_1.txt", "G_2.txt", "G_3.txt"]


def test_a_changed_file_is_scored_anew(folder, tmp_path):
    sources, judge, kept = folder("healthy", "healthy"), Judge(), Kept(tmp_path / "kept")
    sweep(sources, score=judge, n=50, kept=kept)
    sources[1].path.write_text("collapse now")
    table = sweep(sources, score=judge, n=50, kept=kept)
    assert judge.asked == ["G_1.txt", "G_2.txt", "G_2.txt"]
    assert table.rows[1].card.verdict == "collapse"


def test_files_of_one_content_are_scored_once(folder, tmp_path):
    sources, judge = folder("healthy", "collapse"), Judge()
    (tmp_path / "best.txt").write_bytes(sources[0].path.read_bytes())
    table = sweep([*sources, Source(tmp_path / "best.txt")], score=judge, n=50)
    assert judge.asked == ["G_1.txt", "G_2.txt"]
    assert table.rows[2].card == table.rows[0].card
    assert (table.rows[2].step, table.rows[2].from_cache) == (None, True)


def test_every_score_is_kept_before_the_next_begins(folder, tmp_path):
    kept, seen = Kept(tmp_path / "kept"), []

    class Watching(Judge):
        def __call__(self, path, *, n):
            log = tmp_path / "kept" / LOG
            seen.append(len(log.read_text().splitlines()) if log.exists() else 0)
            return super().__call__(path, n=n)

    sweep(folder("healthy", "healthy", "healthy"), score=Watching(), n=50, kept=kept)
    assert seen == [0, 1, 2]


def test_shards_of_one_cache_make_the_whole_table(folder, tmp_path):
    sources, judge, kept = folder(*["healthy"] * 7), Judge(), Kept(tmp_path / "kept")
    parts = [sweep(sources, score=judge, n=50, kept=kept, shard=(i, 3)) for i in (1, 2, 3)]
    assert [[row.step for row in part.rows] for part in parts] == [[1, 4, 7], [2, 5], [3, 6]]
    whole = sweep(sources, score=judge, n=50, kept=kept)
    assert len(judge.asked) == 7
    assert [row.step for row in whole.rows] == list(range(1, 8))
    with pytest.raises(ValueError, match="from 1 to 3"):
        sweep(sources, score=judge, n=50, shard=(0, 3))


def test_progress_counts_what_had_to_be_scored(folder, tmp_path):
    sources, kept, told = folder("healthy", "collapse", "healthy"), Kept(tmp_path / "kept"), []
    sweep(sources[:1], score=Judge(), n=50, kept=kept)
    sweep(sources, score=Judge(), n=50, kept=kept, progress=lambda *args: told.append(args[:2]))
    assert told == [(1, 2), (2, 2)]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Six checkpoints, the last three of which are sick, and their reference."""
    folder = tmp_path_factory.mktemp("run")
    write_checkpoints(folder, checkpoints=6, collapses_at=400)
    cm.Reference.fit(real=real_ring(400), modes=Ring().centres, name="ring").save(folder / "ring.safetensors")
    return folder


@pytest.fixture
def scorer(run):
    return Scorer(reference=str(run / "ring.safetensors"), how={"model": MODEL})


def test_two_processes_say_what_one_says(run, scorer, tmp_path):
    sources = in_order(find_sources([run / "G_*.pth"]))
    alone = sweep(sources, score=scorer, n=200)
    threads = torch.get_num_threads()
    kept = Kept(tmp_path / "kept", scorer.asked())
    together = sweep(sources, score=scorer, n=200, workers=Workers(2), kept=kept)
    assert torch.get_num_threads() == threads
    assert [row.card.to_dict() for row in together.rows] == [row.card.to_dict() for row in alone.rows]
    assert [row.badness for row in alone.rows] == [0, 0, 0, 1, 2, 2]
    assert len((tmp_path / "kept" / LOG).read_text().splitlines()) == 6


def test_what_a_score_depends_on_is_part_of_its_name(run, tmp_path):
    asked = Scorer(reference=str(run / "ring.safetensors"), how={"model": MODEL}).asked()
    other = Scorer(reference=str(run / "ring.safetensors"), how={"model": MODEL}, seed=1).asked()
    assert asked != other
    assert json.loads(json.dumps(asked)) == asked
    code = tmp_path / "nets.py"
    code.write_text("def make(): ...")
    before = Scorer(how={"model": f"{code}:make"}).asked()["model_sha256"]
    code.write_text("def make(): pass")
    assert before != Scorer(how={"model": f"{code}:make"}).asked()["model_sha256"]
    assert before is not None
    assert asked["model_sha256"] is not None


def test_a_bundle_tells_its_step(tmp_path):
    from collapse_metrics.checkpoints import save_bundle
    from reference_gans.fixtures.sliding import Sliding

    bundle = save_bundle(Sliding(), tmp_path / "final", model=MODEL, latent=3, step=700)
    assert step_inside(bundle) == 700
    assert step_inside(tmp_path) is None
    (tmp_path / "x.safetensors").write_bytes(b"no")
    assert step_inside(tmp_path / "x.safetensors") is None
    assert step_inside(Path("nowhere.pt")) is None
