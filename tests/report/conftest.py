"""Histories for pages, made of records only as a monitor would write them, and pages read back."""

import math
import random
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from collapse_metrics.history import History
from collapse_metrics.records import Finding, Measurement, Scorecard, Status, Verdict
from collapse_metrics.report import write_report

NAMES = ("neighbour_ratio", "mode_coverage", "class_share_test", "my_metric<script>alert(1)</script>")
REMEDY = "PacGAN & <b>friends</b>"


def make_card(verdict=Verdict.HEALTHY, step=100, modes=("0", "1", "<i>two</i>"), names=NAMES, level=0.9, since=None):
    measurements = [Measurement(n, level, level - 0.05, level + 0.05, (0.9, 1.0), 200, 512, "raw", step) for n in names]
    share = 1 / max(1, len(modes))
    for k, mode in enumerate(modes):
        value = 0.0 if verdict is not Verdict.HEALTHY and k == 0 else share
        ends = (max(0.0, value - share / 10), value + share / 10)
        measurements.append(
            Measurement(f"mode_share[{mode}]", value, *ends, (0.8 * share, 1.2 * share), n_fake=512, step=step)
        )
    sick = verdict not in (Verdict.HEALTHY, Verdict.INCONCLUSIVE)
    findings = (
        Finding("non_finite", Status.CLEAR, "0 of 512 samples hold NaN", "Weights have diverged."),
        Finding("latent_ignored", Status.NOT_CHECKED, "needs a generator", "The noise hardly changes the sample."),
        Finding(
            "loss_oscillation", Status.WATCH, "a cycle of <script>x</script> steps", "Harmless rotation.", (REMEDY,)
        ),
        Finding(
            "mode_dropping",
            Status.FOUND if sick else Status.CLEAR,
            "1 of 3 modes below half of their share",
            "Some modes are hardly drawn.",
            (REMEDY,) if sick else (),
            since,
        ),
    )
    about = {"step": step, "n_fake": 512, "reference": "three <modes>"} | ({"since": since} if since else {})
    return Scorecard(verdict, findings, tuple(measurements), about)


def make_history(folder=None, checks=6, *, png=False, points=False, onset=400, steps=600, side=24):
    """A run that is healthy until ``onset`` and has lost a mode from there on."""
    history = History(folder, about={"reference": "three <modes>", "every": 100})
    rng = random.Random(0)
    rows = [(s, math.sin(s / 5) + 0.1 * rng.gauss(0, 1)) for s in range(1, steps + 1)]
    history.add("losses", values={"g_loss": rows, "d_loss<b>": rows})
    for k in range(1, checks + 1):
        step = k * steps // checks
        verdict = Verdict.PARTIAL_COLLAPSE if step >= onset else Verdict.HEALTHY
        samples = {}
        if png:
            name = f"samples/step_{step:08d}.png"
            (folder / "samples").mkdir(parents=True, exist_ok=True)
            Image.effect_noise((side, side), 90).save(folder / name)
            samples = {"png": name, "side": 8}
        elif points:
            samples = {"points": [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(50)]}
        card = make_card(verdict, step, level=0.95 if verdict is Verdict.HEALTHY else 0.4)
        history.add("check", card=card.to_dict(), samples=samples)
    final = make_card(Verdict.PARTIAL_COLLAPSE, steps, level=0.4, since=onset)
    history.add("final", card=final.to_dict())
    return history


VOID = {"meta", "img", "input", "br", "hr", "link"}


class Page(HTMLParser):
    """A page as tags and text; complains where tags do not close in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.open = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open) and data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self):
        return " ".join(self.texts)

    def every(self, tag, **wanted):
        return [a for t, a in self.tags if t == tag and all(a.get(k) == v for k, v in wanted.items())]

    @property
    def headings(self):
        return [t for t, _ in self.tags if re.fullmatch(r"h\d", t)]


def page_of(history, path, **options):
    return Page(write_report(history, path, **options).read_text(encoding="utf-8"))


@pytest.fixture
def run(tmp_path):
    return make_history(tmp_path / "run", png=True)
