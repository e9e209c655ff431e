"""The page of the gate, taken at its word: its Python runs, its settings are read, its numbers are the code's."""

import re
from pathlib import Path

from collapse_metrics.gate import LIMITS, MARGIN, MEASURES
from collapse_metrics.gate.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "gate.md").read_text(encoding="utf-8")


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def test_the_first_example_says_what_it_prints(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks("python")[0], "docs/gate.md", "exec"), {})
    assert capsys.readouterr().out.startswith("pass\nfail\npass: ")


def test_the_settings_are_understood(tmp_path):
    (tmp_path / "pyproject.toml").write_text(blocks("toml")[0])
    found = Settings.find(tmp_path)
    assert (found.margin, found.limit, found.n) == ({"mode_share": 0.1}, {"rke": 0.4}, 5000)


def test_the_table_has_the_numbers_of_the_code():
    rows = dict(re.findall(r"^\| `(\w+)` \|.*?\| (\d+ \S+ \| \d+ \S+) \|$", PAGE, flags=re.MULTILINE))
    assert list(rows) == list(MEASURES)
    for measure, said in rows.items():
        assert [int(number) for number in re.findall(r"\d+", said)] == [
            round(100 * MARGIN),
            round(100 * LIMITS[measure]),
        ]
