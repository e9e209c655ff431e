import base64
import hashlib
import re
import shutil
import subprocess
import sys

import pytest

import collapse_metrics.metrics  # noqa: F401  (registers the metrics)
from collapse_metrics._registry import METRICS
from collapse_metrics.history import History
from collapse_metrics.records import Verdict
from collapse_metrics.report import write_card, write_comparison, write_report
from collapse_metrics.report.curves import P_VALUES
from tests.report.conftest import NAMES, Page, make_card, make_history, page_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def page(run, tmp_path):
    return page_of(run, tmp_path / "run.html")


def test_the_verdict_comes_first_then_what_was_found(page):
    text = page.text.partition("partial collapse")[2]
    order = ["Since step 400", "512 samples", "found", "watch", "clear", "not checked", "Curves over training"]
    order += ["The verdict over time", "Losses", "Samples over time", "Modes", "All numbers", "Where this comes from"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert page.headings[0] == "h1"


def test_a_found_finding_says_everything_and_a_clear_one_is_short(page):
    for word in (
        "1 of 3 modes below half of their share",
        "Some modes are hardly drawn.",
        "since step 400",
        "PacGAN &",
    ):
        assert word in page.text
    assert "Weights have diverged." not in page.text


def test_every_measurement_has_a_curve_with_its_question(page):
    drawn = [a["data-measure"] for a in page.every("figure", **{"class": "chart"})]
    assert set(NAMES) < set(drawn)
    assert {"mode_share[0]", "mode_share[1]", "mode_share[<i>two</i>]", "g_loss", "d_loss<b>", "spectrum"} < set(drawn)
    assert drawn.index("mode_coverage") < drawn.index("neighbour_ratio") < drawn.index("class_share_test")
    assert "Do generated samples crowd closer together than real ones?" in page.text


def test_a_curve_is_described_in_words(page):
    label = "Neighbour ratio: from 0.95 at step 100 to 0.4 at step 600; a perfect generator 0.9 to 1"
    assert page.every("svg", **{"aria-label": label})


def test_names_and_evidence_are_text_never_tags(page, run, tmp_path):
    source = (tmp_path / "run.html").read_text(encoding="utf-8")
    assert len(page.every("script")) == 1
    assert "<b>friends" not in source
    assert "<script>alert" not in source
    assert "<i>two" not in source
    assert "my_metric<script>alert(1)</script>" in page.text


def test_nothing_is_asked_of_the_network(page):
    for _, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            assert attributes.get(name, "#").startswith(("#", "data:image/"))
    assert not [a for _, a in page.tags if "style" in a]


def test_the_policy_of_the_page_names_its_own_script(run, tmp_path):
    source = write_report(run, tmp_path / "run.html").read_text(encoding="utf-8")
    script = re.search(r"<script>(.*?)</script>", source, flags=re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert digest in source.partition("<title>")[0]
    style = re.search(r"<style>(.*?)</style>", source, flags=re.DOTALL)[1]
    assert "http" not in style
    assert "url(" not in style


def test_pictures_are_embedded_and_only_the_last_is_shown_without_scripts(page):
    frames = [a for a in page.every("figure") if "data-frame" in a]
    assert [("hidden" in a) for a in frames] == [True] * 5 + [False]
    assert all(a["src"].startswith("data:image/png;base64,") and a["alt"] for a in page.every("img"))
    assert page.every("input", type="range", max="5", value="5")


def test_points_are_drawn_on_axes_that_stay(tmp_path):
    page = page_of(make_history(points=True), tmp_path / "run.html")
    assert len(page.every("svg", **{"class": "cloud"})) == 6
    assert "the same at every step" in page.text


def test_many_grids_are_thinned_but_first_last_and_onset_stay(tmp_path):
    history = make_history(tmp_path / "run", 130, png=True, steps=1300, onset=777)
    page = page_of(history, tmp_path / "run.html")
    steps = [a["data-step"] for a in page.every("figure") if "data-frame" in a]
    assert len(steps) <= 60
    assert {"10", "780", "1,300"} <= set(steps)
    assert f"{len(steps)} of 130 grids are shown" in page.text


def test_missing_grids_are_said_in_words(run, tmp_path):
    for path in (run.folder / "samples").iterdir():
        path.unlink()
    page = page_of(run, tmp_path / "run.html")
    assert not page.every("img")
    assert "6 of 6 recorded grids cannot be read" in page.text


def test_a_record_cannot_make_the_page_embed_other_files(run, tmp_path):
    (tmp_path / "secret.png").write_bytes((run.folder / run.samples[0]["png"]).read_bytes())
    (run.folder / "note.png").write_text("no picture")
    run.samples[0]["png"], run.samples[1]["png"] = "../secret.png", "note.png"
    page = page_of(run, tmp_path / "run.html")
    assert len(page.every("img")) == 4
    assert "2 of 6 recorded grids" in page.text


def test_the_page_stays_below_two_megabytes(tmp_path):
    history = make_history(tmp_path / "run", 100, png=True, steps=20_000, onset=12_000, side=272)
    assert write_report(history, tmp_path / "run.html").stat().st_size < 2_000_000


def test_large_grids_are_stored_smaller_and_it_is_said(tmp_path):
    history = make_history(tmp_path / "run", 4, png=True, side=1000)
    page = page_of(history, tmp_path / "run.html")
    assert all(a["src"].startswith("data:image/jpeg") for a in page.every("img"))
    assert "stored smaller" in page.text
    assert (tmp_path / "run.html").stat().st_size < 2_000_000


def test_an_empty_history_is_a_page_that_says_so(tmp_path):
    page = page_of(History(), tmp_path / "deep" / "er" / "run.html")
    for sentence in ("nothing recorded", "No check was recorded", "No losses were recorded", "No samples were kept"):
        assert sentence in page.text


@pytest.mark.parametrize("checks", [1, 2])
def test_few_checks_make_a_page(checks, tmp_path):
    page = page_of(make_history(checks=checks), tmp_path / "run.html")
    assert len(page.every("figure", **{"data-measure": "neighbour_ratio"})) == 1


def test_without_a_closing_word_the_newest_check_stands_in(tmp_path):
    history = make_history(onset=10_000)
    history.final = None
    page = page_of(history, tmp_path / "run.html")
    assert page.texts[3] == "healthy"
    assert "the newest check stands in for it" in page.text


def test_losses_with_gaps_are_drawn_and_counted(tmp_path):
    history = make_history()
    history.add(
        "losses", values={"g_loss": [[601, None], [602, None], [603, 1e9]], "empty": [], "all_nan": [[1, None]]}
    )
    page = page_of(history, tmp_path / "run.html")
    assert "2 of 603 steps are not finite; 1 far outliers are cut off at the frame" in page.text
    assert "hold NaN or infinity" in page.text
    assert page.every("figure", **{"data-measure": "all_nan"})


def test_the_cycle_is_named_and_called_harmless(page):
    assert "The strongest cycle lasts 31.4 steps." in page.text
    assert "p = 0.002" in page.text
    assert "Oscillation alone is harmless" in page.text


def test_a_measurement_that_appears_late_has_a_curve_from_there(tmp_path):
    history = make_history(checks=2)
    history.add("check", card=make_card(step=700, names=("newcomer",)).to_dict(), samples={})
    page = page_of(history, tmp_path / "run.html")
    assert page.every("svg", **{"aria-label": "Newcomer: 0.9 at step 700; a perfect generator 0.9 to 1"})


def test_values_that_are_not_finite_make_a_page(tmp_path):
    history = make_history()
    history.add("check", card=make_card(step=700, level=float("nan")).to_dict(), samples={})
    history.final = make_card(Verdict.BROKEN, level=float("inf"))
    assert "not finite" in page_of(history, tmp_path / "run.html").text


def test_hundreds_of_checks_and_many_modes_stay_small(tmp_path):
    history = History()
    modes = [f"mode {k}" for k in range(1000)]
    for step in range(1, 31):
        history.add("check", card=make_card(Verdict.COLLAPSE, step, modes).to_dict(), samples={})
    page = page_of(history, tmp_path / "run.html")
    assert page.every("figure", **{"data-measure": "modes"})
    assert "1 of 1000 modes is lost" in page.text
    assert "40 of 1000 modes" in page.text
    assert (tmp_path / "run.html").stat().st_size < 2_000_000


def test_a_lost_mode_is_marked_by_a_word_too(page):
    assert "1 of 3 modes is lost" in page.text
    lost = [a for a in page.every("svg") if a.get("aria-label", "").startswith("mode 0:")]
    assert lost[0]["aria-label"].endswith("lost")


def test_errors_of_the_monitor_are_listed(tmp_path):
    history = make_history()
    history.errors = [{"step": k, "what": "the check", "error": "OSError: <disk> full"} for k in range(25)]
    page = page_of(history, tmp_path / "run.html")
    assert "OSError: <disk> full" in page.text
    assert "And 5 more." in page.text


def test_a_card_makes_a_page_without_curves(tmp_path):
    page = Page(write_card(make_card(Verdict.COLLAPSE), tmp_path / "card.html").read_text(encoding="utf-8"))
    assert "collapse" in page.texts[3]
    assert "Curves over training" not in page.text
    assert "Modes" in page.text
    assert "All numbers" in page.text


def test_an_inconclusive_card_says_how_many_samples_are_needed(tmp_path):
    card = make_card(Verdict.INCONCLUSIVE, names=("samples_needed",), level=121.0)
    page = Page(write_card(card, tmp_path / "card.html").read_text(encoding="utf-8"))
    assert "121 samples that pass for data are needed, got 512." in page.text


def test_runs_are_compared_side_by_side_then_one_by_one(run, tmp_path):
    other = make_history(onset=10**9)
    other.final = make_card(Verdict.HEALTHY, 600)
    path = write_comparison({"sick <run>": run, "well": other}, tmp_path / "both.html")
    page = Page(path.read_text(encoding="utf-8"))
    head, _, rest = page.text.partition("The same numbers side by side")
    assert head.index("sick <run>") < head.index("partial collapse") < head.index("well") < head.index("healthy")
    assert rest.count("Curves over training") == 2
    identities = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(identities) == len(set(identities))


def test_a_report_with_others_is_a_comparison(run, tmp_path):
    page = page_of(run, tmp_path / "run.html", others={"other": make_history()})
    assert page.texts[1] == "2 runs, 2 verdicts"


def test_comparing_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one run is needed, got none"):
        write_comparison({}, tmp_path / "none.html")


def test_a_folder_as_path_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is a folder: give for example"):
        write_report(History(), tmp_path)


def test_a_page_is_written_whole_and_the_same_twice(run, tmp_path):
    first = write_report(run, tmp_path / "run.html").read_bytes()
    assert write_report(run, tmp_path / "run.html").read_bytes() == first
    assert not list(tmp_path.glob("*.part"))


def test_a_page_needs_no_torch(tmp_path):
    code = (
        "import sys; from collapse_metrics.history import History; from collapse_metrics.report import write_report; "
        f"write_report(History(), {str(tmp_path / 'run.html')!r}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


PRESS = """<script>addEventListener("load", () => {
  const slider = document.querySelector("input[type=range]");
  slider.value = "2"; slider.dispatchEvent(new Event("input"));
  const shown = [...document.querySelectorAll("[data-frame]")].filter((frame) => !frame.hidden);
  document.documentElement.dataset.shown = shown.map((frame) => frame.dataset.step).join(" ");
  document.documentElement.dataset.said = slider.getAttribute("aria-valuetext");
  document.documentElement.dataset.wide = document.documentElement.scrollWidth > innerWidth;
});</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine to open the page in")
def test_a_real_browser_runs_the_page_without_complaint(run, tmp_path):
    path = write_report(run, tmp_path / "run.html")
    source = path.read_text(encoding="utf-8")
    own = hashlib.sha256(PRESS[len("<script>") : -len("</script>")].encode()).digest()
    allowed = f"script-src 'sha256-{base64.b64encode(own).decode()}' "
    path.write_text(source.replace("script-src ", allowed).replace("</main>", "</main>" + PRESS), encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--enable-logging=stderr", "--v=0", "--window-size=500,900", "--virtual-time-budget=2000", "--dump-dom"]
    done = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=120)
    html = Page(done.stdout).every("html")[0]
    assert html["data-ready"] == "yes"
    assert html["data-shown"] == "300"
    assert html["data-said"] == "step 300, healthy"
    assert html["data-wide"] == "false"
    assert "CONSOLE" not in done.stderr


def test_every_test_has_a_logarithmic_axis():
    # The room of reports imports no metric, so it keeps a list of its own.
    assert sorted(P_VALUES) == sorted(name for name, spec in METRICS.items() if spec.is_test)
