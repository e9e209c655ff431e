"""The same sweep on the workers of a cluster: two of Dask's own, on this machine."""

import distributed
import pytest

import collapse_metrics as cm
from collapse_metrics.checkpoints.kept import LOG, Kept
from collapse_metrics.checkpoints.scorer import Scorer
from collapse_metrics.checkpoints.steps import find_sources, in_order
from collapse_metrics.checkpoints.sweep import Workers, sweep
from reference_gans.data import Ring
from reference_gans.fixtures.sliding import real_ring, write_checkpoints


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    write_checkpoints(folder, checkpoints=4, collapses_at=300)
    cm.Reference.fit(real=real_ring(400), modes=Ring().centres, name="ring").save(folder / "ring.safetensors")
    return folder


def test_two_workers_of_a_cluster_say_what_one_process_says(run):
    score = Scorer(str(run / "ring.safetensors"), how={"model": "reference_gans.fixtures.sliding:Sliding"})
    sources = in_order(find_sources([run / "G_*.pth"]))
    (run / "G_step_350.pth").write_bytes(b"damaged")
    damaged = in_order(find_sources([run / "G_*.pth"]))
    alone = sweep(sources, score=score, n=150)
    kept = Kept(run / "kept", score.asked())
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        there = Workers(scheduler=cluster.scheduler_address)
        table = sweep(damaged, score=score, n=150, kept=kept, workers=there)
    assert [row.step for row in table.rows] == [100, 200, 300, 350, 400]
    assert [row.step for row in table.failed] == [350]
    cards = [row.card.to_dict() for row in table.rows if row.card is not None]
    assert cards == [row.card.to_dict() for row in alone.rows]
    assert len((run / "kept" / LOG).read_text().splitlines()) == 4
