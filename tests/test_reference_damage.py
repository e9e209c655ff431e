"""Is a damaged reference refused in one sentence, whatever part of it is wrong?"""

import json
import re

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save

import collapse_metrics as cm
from collapse_metrics.learning import train_classifier

WORDS = ("name", "fingerprint", "embedder", "embedder_fingerprint", "radius", "kept", "raw_spread", "raw_spread_error")
WORDS += ("raw_dim", "modes")

TENSORS = ("anchor", "anchor_modes", "fresh", "fresh_modes", "shares")

NEVER = (None, -1, float("nan"), float("inf"), [], {}, True)
"""What none of the words may be."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A reference that carries its classifier, and one of plain rows with centres."""
    rng = torch.Generator().manual_seed(0)
    rows, labels = torch.randn(300, 5, generator=rng), torch.arange(300) % 3
    rows[:, 0] += 4 * labels
    own = train_classifier(real=rows, labels=labels)
    folder = tmp_path_factory.mktemp("references")
    cm.Reference.fit(real=rows + 0.01, labels=labels, embedder=own).save(folder / "own")
    cm.Reference.fit(real=rows, modes=3).save(folder / "plain")
    return {name: _parts(folder / name) for name in ("own", "plain")}


def _parts(path):
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["collapse_metrics"]), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118


@pytest.fixture
def refusal(tmp_path):
    """What is said of a file of these parts: one line that begins with its name."""

    def refusal(about, tensors):
        path = tmp_path / "damaged"
        tensors = {name: numbers.contiguous() for name, numbers in tensors.items()}
        path.write_bytes(save(tensors, metadata={"collapse_metrics": json.dumps(about)}))
        with pytest.raises(ValueError, match=r"\A[^\n]+\Z") as raised:
            cm.Reference.load(path)
        said = str(raised.value)
        assert said.startswith(str(path))
        return said.removeprefix(str(path))

    return refusal


@pytest.mark.parametrize("kind", ["own", "plain"])
@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_is_missing_or_absurd(sound, refusal, kind, word):
    about, tensors = sound[kind]
    without = {key: value for key, value in about.items() if key != word}
    for wrong in [without, *({**about, word: value} for value in NEVER)]:
        said = refusal(wrong, tensors)
        assert re.match(rf" is damaged, its {word}( and .*)? cannot be right", said), said


@pytest.mark.parametrize("kind", ["own", "plain"])
@pytest.mark.parametrize("name", [*TENSORS, "confusion", "centres"])
def test_a_tensor_that_is_missing_or_does_not_fit(sound, refusal, kind, name):
    about, tensors = sound[kind]
    if name not in tensors:
        assert (kind, name) in {("own", "centres"), ("plain", "confusion")}
        return
    numbers, rest = tensors[name], {key: value for key, value in tensors.items() if key != name}
    wrong = [numbers[None], numbers.flatten()[:1], numbers[:0], numbers.float() * torch.nan]
    if name not in ("anchor", "fresh", "centres"):  # rows may be anywhere
        wrong += [numbers + 1, numbers - 1]
    files = [rest | {name: changed} for changed in wrong] + ([rest] if name in TENSORS else [])
    for damaged in files:
        said = refusal(about, damaged)
        assert re.match(rf" is damaged, its (.* and )?{name}( and .*)? cannot be right", said), said


def test_scores_of_pictures_that_are_no_numbers(sound, refusal):
    about, tensors = sound["plain"]
    for wrong in ([], {"ssim": "x"}, {"ssim": [0.1, None]}, {"ssim": []}):
        said = refusal(about | {"picture_scores": wrong}, tensors)
        assert said.startswith(" is damaged, its picture_scores cannot be right")


def test_everything_wrong_is_named_at_once(sound, refusal):
    about, tensors = sound["plain"]
    said = refusal(about | {"kept": None}, tensors | {"shares": tensors["shares"][:2]})
    assert said.startswith(" is damaged, its kept and shares cannot be right")


def test_a_description_that_is_no_description(sound, refusal):
    assert refusal([1, 2], sound["plain"][1]).startswith(" has format None")


def test_a_classifier_that_does_not_fit(sound, refusal):
    about, tensors = sound["own"]
    assert "described wrongly" in refusal(about | {"classifier": {"format": 1}}, tensors)
    short = tensors | {"classifier.scale": tensors["classifier.scale"][:1]}
    assert "does not fit its weights" in refusal(about, short)


ODD = {
    "huge": lambda rows: 1e15 * rows,
    "tiny": lambda rows: 1e-15 * rows,
    "far away": lambda rows: rows + 1e5,
    "two different rows": lambda rows: (rows > 0)[:, :1].float().expand(-1, 3),
    "one column that never changes": lambda rows: rows * torch.tensor([1.0, 1, 0]),
    "one row far from all others": lambda rows: torch.cat([rows, torch.full((1, 3), 1e6)]),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("modes", [None, 2])
def test_a_sound_file_of_odd_data_is_none_of_it(tmp_path, kind, modes):
    """What can be fitted can be saved and loaded, with no name and whatever its numbers."""
    real = ODD[kind](torch.randn(300, 3, generator=torch.Generator().manual_seed(2)))
    reference = cm.Reference.fit(real=real, modes=modes, name="")
    reference.save(tmp_path / "it")
    again = cm.Reference.load(tmp_path / "it")
    assert (again.name, again.raw_spread, again.radius) == ("", reference.raw_spread, reference.radius)
    assert torch.equal(again.anchor, reference.anchor)
    assert cm.score(fake=real, reference=again).verdict == cm.score(fake=real, reference=reference).verdict


@pytest.mark.parametrize("kind", ["own", "plain"])
def test_bytes_that_changed_open_or_are_refused(sound, tmp_path, kind):
    """A hundred files with bytes changed near the beginning, where the description is, or cut off."""
    about, tensors = sound[kind]
    whole = save(tensors, metadata={"collapse_metrics": json.dumps(about)})
    rng, came = torch.Generator().manual_seed(0), {"opened": 0, "refused": 0}
    for _ in range(100):
        data = bytearray(whole)
        for at in torch.randint(3000, (3,), generator=rng).tolist():
            data[at] = int(torch.randint(256, (1,), generator=rng))
        path = tmp_path / "damaged"
        path.write_bytes(data if torch.rand(1, generator=rng) < 0.8 else data[: len(data) // 2])
        try:
            cm.Reference.load(path)
            came["opened"] += 1
        except ValueError:
            came["refused"] += 1
    assert came["refused"] > 25
