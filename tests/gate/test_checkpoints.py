"""The gate takes what `score` takes: bundles and checkpoints, paired by their latents."""

import json

import pytest

from collapse_metrics import Reference, cli
from reference_gans.data import ring as ring_of_eight
from reference_gans.zoo import ZOO


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    data, folder = ring_of_eight(), tmp_path_factory.mktemp("ring")
    Reference.fit(real=data.real, modes=data.centres, name="ring").save(folder / "ring.safetensors")
    return folder


def run(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in words])
    seen = capsys.readouterr()
    return ended.value.code, seen.out, seen.err


def test_a_bundle_is_frozen_and_another_one_fails(ring, capsys):
    about = ["--reference", ring / "ring.safetensors"]
    healthy, collapsed = (ZOO / f"{name}.safetensors" for name in ("ring8_healthy", "ring8_collapsed"))
    code, out, _ = run(capsys, "baseline", healthy, "-o", ring / "base.json", "--n", "600", *about)
    assert code == 0
    assert "1 run of 600 samples" in out
    code, out, _ = run(capsys, "check", healthy, "--baseline", ring / "base.json", "--json", *about)
    assert json.loads(out)["outcome"] != "fail"
    assert all(row["before"] == row["now"] for row in json.loads(out)["rows"])
    code, out, _ = run(capsys, "check", collapsed, "--baseline", ring / "base.json", "--json", *about)
    assert code == 1
    assert json.loads(out)["outcome"] == "fail"
