from pathlib import Path

import pytest

from collapse_metrics.checkpoints.steps import find_sources, in_order

NAMES = {
    "pytorch/examples": (["netG_epoch_2.pth", "netG_epoch_10.pth"], [2, 10]),
    "studiogan": (["model=G-best-weights-step=2000.pth", "model=G-best-weights-step=400.pth"], [400, 2000]),
    "mimicry": (["netG_5000_steps.pth", "netG_10000_steps.pth"], [5000, 10000]),
    "lightweight": (["model_3.pt", "model_12.pt"], [3, 12]),
    "rosinality": (["000000.pt", "010000.pt"], [0, 10000]),
    "fastgan": (["all_5000.pth", "all_50000.pth"], [5000, 50000]),
    "ignite": (["checkpoint_9.pt", "checkpoint_10.pt"], [9, 10]),
    "lightning": (["epoch=0-step=250.ckpt", "epoch=1-step=500.ckpt"], [250, 500]),
    "hifigan, no ending": (["g_00002000", "g_00010000"], [2000, 10000]),
    "stylegan": (["network-snapshot-000200.pkl", "network-snapshot-001000.pkl"], [200, 1000]),
    "digits in the ending": (["G9.pt2", "G10.pt2"], [9, 10]),
    "a seed that stays": (["seed3_000200.pt", "seed3_001000.pt"], [200, 1000]),
    "a size behind the step": (["it100_64x64.pt", "it20_64x64.pt"], [20, 100]),
    "folders": (["step_10/samples.npz", "step_9/samples.npz"], [9, 10]),
    "resolution in all": (["G_256_iter0040.pth", "G_256_iter0008.pth"], [8, 40]),
    "word after": (["10epochs.pt", "9epochs.pt"], [9, 10]),
}


@pytest.mark.parametrize(("names", "steps"), NAMES.values(), ids=NAMES.keys())
def test_reads_the_step_of_every_maker(names, steps):
    assert [source.step for source in in_order(map(Path, names))] == steps


def test_what_tells_no_step_comes_last():
    found = in_order(map(Path, ["latest.pt", "ckpt_10.pt", "best.pt", "ckpt_9.pt"]))
    assert [(source.path.name, source.step) for source in found] == [
        ("ckpt_9.pt", 9),
        ("ckpt_10.pt", 10),
        ("best.pt", None),
        ("latest.pt", None),
    ]


def test_a_word_that_only_some_have_does_not_decide():
    found = in_order(map(Path, ["G_step_30.pt", "G_20.pt"]))
    assert [source.step for source in found] == [20, 30]


def test_a_single_file_has_its_last_number():
    assert in_order([Path("seed1_G_300.pt")])[0].step == 300


def test_a_number_of_the_folder_is_no_step_where_the_names_have_their_own():
    found = in_order(map(Path, ["run_7/G_100.pt", "run_7/G_20.pt", "run_7/best.pt"]))
    assert [source.step for source in found] == [20, 100, None]


def test_the_inside_is_asked_only_where_the_name_is_silent():
    found = in_order(map(Path, ["a.pt", "b.pt", "c_7.pt"]), inside={Path("a.pt"): 9, Path("c_7.pt"): 1}.get)
    assert [(source.path.name, source.step) for source in found] == [("c_7.pt", 7), ("a.pt", 9), ("b.pt", None)]


def test_patterns_and_paths_name_every_file_once(tmp_path):
    for name in ("G_10.pt", "G_9.pt", "deep/G_8.pt", "G[1].pt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_sources([tmp_path / "**/G_*.pt", tmp_path / "G_9.pt", tmp_path / "G[1].pt"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["G[1].pt", "G_9.pt", "G_10.pt", "deep/G_8.pt"]


def test_a_pattern_that_names_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="there are none"):
        find_sources([tmp_path / "*.pt"])
