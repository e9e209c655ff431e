"""Do the loggers themselves receive a look? TensorBoard, W&B offline and Lightning's, read back from their files."""

import json
import struct
import sys
import time
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from collapse_metrics.monitor.sinks import Sinks
from collapse_metrics.records import Finding, Measurement, Scorecard, Status, Verdict

GRID = np.arange(30 * 30, dtype=np.uint8).reshape(30, 30)
NAMES = {"collapse/coverage", "collapse/mode_share/3", "collapse/severity", "collapse/not_finite"}


def card(verdict="healthy", coverage=0.9):
    found = Finding("total_collapse", Status.FOUND, "all alike", "", severity=0.5)
    numbers = (Measurement("coverage", coverage), Measurement("mode_share[3]", 0.1), Measurement("rke", float("nan")))
    return Scorecard(Verdict(verdict), (found,) if verdict == "collapse" else (), numbers, {"step": 1})


def feed(logger):
    """Two looks: healthy, then collapsed."""
    sinks = Sinks([logger])
    sinks.look(card(), step=200, pictures=GRID)
    sinks.look(card("collapse", 0.1), step=400, pictures=np.stack([GRID] * 3, axis=2))
    sinks.close()


def events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder))
    read.Reload()
    return read


def assert_tensorboard_has_all(read):
    assert set(read.Tags()["scalars"]) >= NAMES
    assert [(e.step, round(e.value, 6)) for e in read.Scalars("collapse/coverage")] == [(200, 0.9), (400, 0.1)]
    assert [e.step for e in read.Images("collapse/samples")] == [200, 400]
    text = read.Tensors("collapse/news/text_summary")
    assert [e.step for e in text] == [400]
    assert b"collapse, was healthy" in text[0].tensor_proto.string_val[0]


def test_tensorboard(tmp_path):
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        feed(writer)
        assert_tensorboard_has_all(events(tmp_path))  # flushed, and still open


def test_lightning_on_tensorboard(tmp_path):
    from lightning.pytorch.loggers import TensorBoardLogger

    logger = TensorBoardLogger(tmp_path, name="run", version=0)
    feed(logger)
    assert_tensorboard_has_all(events(logger.log_dir))
    logger.finalize("success")


def test_lightning_on_a_table(tmp_path):
    from lightning.pytorch.loggers import CSVLogger

    logger = CSVLogger(tmp_path, name="run", version=0)
    feed(logger)
    logger.save()
    header, *rows = (tmp_path / "run" / "version_0" / "metrics.csv").read_text().splitlines()
    assert set(header.split(",")) == NAMES | {"step"}
    assert len(rows) == 2


def test_accelerate_on_tensorboard(tmp_path):
    from accelerate import Accelerator

    accelerator = Accelerator(log_with="tensorboard", project_dir=tmp_path, cpu=True)
    with pytest.raises(RuntimeError, match="call its init_trackers before training"):
        feed(accelerator)
    accelerator.init_trackers("run")
    feed(accelerator)
    assert_tensorboard_has_all(events(tmp_path / "run"))
    accelerator.end_training()


def test_accelerate_on_a_tracker_of_its_own_kind():
    rows = []
    tracker = SimpleNamespace(log=lambda values, step: rows.append((step, values)), tracker=object())
    accelerator = SimpleNamespace(log=lambda values, step: None, trackers=[tracker], is_main_process=True)
    feed(accelerator)
    assert [step for step, _ in rows] == [200, 400]
    assert set(rows[0][1]) == NAMES
    accelerator.is_main_process = False
    feed(accelerator)
    assert len(rows) == 2


def records(path):
    """What a .wandb file holds: records in the log format of LevelDB."""
    from wandb.proto import wandb_internal_pb2

    data, place, part = path.read_bytes(), 7, b""
    while place + 7 <= len(data):
        room = 32768 - place % 32768
        if room < 7:
            place += room
            continue
        size, kind = struct.unpack("<HB", data[place + 4 : place + 7])
        part += data[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(part)
            yield record
            part = b""


def whole(path):
    """All records of a finished run: a process of W&B's own writes them, and may be a moment late."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = list(records(path))
        if found and found[-1].WhichOneof("record_type") == "exit":
            return found
        time.sleep(0.05)
    raise TimeoutError(f"{path} does not end")


def rows_of(found):
    """The rows of a W&B history, numbers only."""
    for record in found:
        if record.WhichOneof("record_type") == "history":
            items = {"/".join(i.nested_key) or i.key: json.loads(i.value_json) for i in record.history.item}
            yield {name: value for name, value in items.items() if name == "_step" or not name.startswith("_")}


@pytest.fixture
def offline_run(tmp_path):
    import wandb

    quiet = wandb.Settings(silent=True, console="off", x_disable_stats=True, disable_git=True, save_code=False)
    run = wandb.init(mode="offline", dir=tmp_path, project="p", settings=quiet)
    yield run
    run.finish()


def test_wandb_keeps_every_look_and_every_row_of_the_user(offline_run, tmp_path):
    run, sinks = offline_run, Sinks([offline_run])
    run.log({"d_loss": 1.0}, step=5000)
    sinks.look(card(), step=200, pictures=GRID)  # far behind the user's own step: W&B would drop it
    run.log({"g_loss": 2.0}, step=5000)  # the user's row was not closed
    run.log({"d_loss": 3.0}, step=5001)
    sinks.look(card("collapse", 0.2), step=400)
    sinks.look(card("collapse", 0.3), step=600)  # the user logged nothing in between
    run.finish()
    found = whole(next(tmp_path.glob("wandb/offline-run-*/*.wandb")))
    rows = list(rows_of(found))
    assert [(r["_step"], r["collapse/step"], r["collapse/coverage"]) for r in rows] == [
        (5000, 200, 0.9),
        (5001, 400, 0.2),
        (5002, 600, 0.3),
    ]
    assert (rows[0]["d_loss"], rows[0]["g_loss"], rows[1]["d_loss"]) == (1.0, 2.0, 3.0)
    assert rows[0]["collapse/samples/format"] == "png"
    globs = [r.metric for r in found if r.WhichOneof("record_type") == "metric" and r.metric.glob_name]
    assert [(m.glob_name, m.step_metric) for m in globs] == [("collapse/*", "collapse/step")]
    alerts = [r.alert for r in found if r.WhichOneof("record_type") == "alert"]
    assert [(a.title, a.level) for a in alerts] == [("collapse_metrics: collapse", "ERROR")]


class Calls:
    """Notes how it is called; the methods of a logger are given, with their documented parameters."""

    def __init__(self, **methods):
        self.calls = []
        for name, signature in methods.items():
            setattr(self, name, self._noting(name, signature))

    def _noting(self, name, signature):
        def call(*args, **options):
            signature(*args, **options)  # a wrong call raises TypeError here
            self.calls.append((name, args, options))

        return call


def test_mlflow_as_documented():
    module = Calls(
        log_metrics=lambda metrics, step=None: None,
        log_image=lambda image, artifact_file=None, key=None, step=None: None,
        log_text=lambda text, artifact_file: None,
        log_artifact=lambda local_path: None,
    )
    feed(module)
    assert [name for name, _, _ in module.calls] == ["log_metrics", "log_image"] * 2 + ["log_text"]
    assert set(module.calls[0][1][0]) == NAMES
    assert module.calls[0][2] == {"step": 200}
    assert module.calls[-1][1][1] == "collapse/news/step_00000400_collapse.txt"


def test_aim_as_documented(monkeypatch):
    aim = ModuleType("aim")
    aim.Image, aim.Text = (lambda image: ("image", image.size)), (lambda text: ("text", text))
    monkeypatch.setitem(sys.modules, "aim", aim)
    run = Calls(track=lambda value, name=None, step=None, epoch=None, *, context=None: None)
    feed(run)
    tracked = {options["name"]: (args[0], options["step"]) for _, args, options in run.calls}
    assert set(tracked) == NAMES | {"collapse/samples", "collapse/news"}
    assert tracked["collapse/coverage"] == (0.1, 400)
    assert tracked["collapse/samples"] == (("image", (30, 30)), 400)
    assert tracked["collapse/news"][0][1].startswith("error: Step 400: collapse, was healthy")
    assert {options["context"]["source"] for _, _, options in run.calls} == {"collapse_metrics"}


def test_trackio_as_documented(monkeypatch):
    trackio = ModuleType("trackio")
    trackio.Image, trackio.AlertLevel = (lambda value: ("image", value.shape)), (lambda word: f"level {word}")
    monkeypatch.setitem(sys.modules, "trackio", trackio)
    run = Calls(log=lambda metrics, step=None: None, alert=lambda title, text=None, level=None, webhook_url=None: None)
    feed(run)
    assert set(run.calls[0][1][0]) == NAMES
    assert run.calls[1][1][0] == {"collapse/samples": ("image", (30, 30, 3))}
    assert all(options["step"] in (200, 400) for name, _, options in run.calls if name == "log")
    assert run.calls[-1][2]["level"] == "level error"
