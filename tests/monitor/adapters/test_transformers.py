"""In a Trainer of transformers: the same training, values where it keeps its own, and steps that go on."""

import pytest
import torch
from torch import nn

import collapse_metrics as cm


class Teaches(nn.Module):
    """Noise in, points out, and the loss that a Trainer asks for."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))

    def forward(self, points, labels=None):
        fake = self.layers(torch.randn(len(points), 4))
        loss = (fake - points).square().mean()
        return {"loss": loss, "points": fake}


@pytest.fixture
def trainer(tmp_path):
    from transformers import Trainer, TrainingArguments

    def make(*callbacks, steps=5, **options):
        torch.manual_seed(3)
        model = Teaches()
        data = [{"points": row, "labels": 0.0} for row in torch.randn(60, 2)]
        quiet = {"report_to": [], "disable_tqdm": True, "use_cpu": True, "save_strategy": "no", "logging_steps": 1}
        arguments = TrainingArguments(str(tmp_path), max_steps=steps, per_device_train_batch_size=12, **quiet | options)
        return Trainer(model, arguments, train_dataset=data, eval_dataset=data, callbacks=[*callbacks])

    return make


def points_of(trainer_or_model):
    return lambda n, rng: trainer_or_model.layers(torch.randn(n, 4, generator=rng))


def test_training_is_the_same_bit_for_bit(trainer, quick, left_behind, differences):
    from collapse_metrics.monitor.transformers import CollapseCallback

    kept = []

    def train(watched):
        made = trainer()
        if watched:
            kept.append(CollapseCallback(generate=points_of(made.model), **quick))
            made.add_callback(kept[0])
        made.train()
        return made.model, made.optimizer

    assert differences(left_behind(train, True), left_behind(train, False)) == []
    assert kept[0].monitor.history.steps == [2, 4]


def test_values_are_in_the_log_and_beside_those_of_an_evaluation(trainer, quick):
    from collapse_metrics.monitor.transformers import CollapseCallback

    made = trainer(eval_strategy="steps", eval_steps=5, metric_for_best_model="collapse/accepted_share")
    made.add_callback(CollapseCallback(generate=points_of(made.model), **quick))
    made.train()
    assert [row["step"] for row in made.state.log_history if "collapse/accepted_share" in row] == [2, 4]
    assert made.state.best_metric is None or made.state.best_metric >= 0
    assert "eval_collapse/accepted_share" in made.evaluate()


def test_a_model_of_latents_is_looked_at_as_it_is(trainer, quick):
    """Without ``generate`` the model itself is asked, and what is no sample is picked out."""
    from collapse_metrics.monitor.transformers import CollapseCallback

    made = trainer()
    made.add_callback(callback := CollapseCallback(latent=2, select="points", **quick))
    made.train()
    assert callback.monitor.history.steps == [2, 4]


def test_another_model_is_another_run(trainer, quick):
    """As in a search over hyperparameters; training the same one again goes on."""
    from collapse_metrics.monitor.transformers import CollapseCallback

    callback = CollapseCallback(latent=2, select="points", **quick)
    for made in (trainer(), again := trainer()):
        made.add_callback(callback)
        made.train()
    monitor = callback.monitor
    assert monitor.history.steps == [2, 4]
    assert monitor._looking.source.generator is again.model
    again.train()
    assert callback.monitor is monitor


def test_a_resumed_run_goes_on_counting(trainer, quick, tmp_path):
    from collapse_metrics.monitor.transformers import CollapseCallback

    trainer(steps=3, save_strategy="steps", save_steps=3).train()
    made = trainer(steps=6)
    made.add_callback(callback := CollapseCallback(generate=points_of(made.model), **quick))
    made.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert callback.monitor.history.steps == [4, 6]


def test_an_action_ends_the_training(trainer, quick):
    from collapse_metrics.monitor import stop_training
    from collapse_metrics.monitor.transformers import CollapseCallback

    made = trainer(steps=50)
    made.add_callback(CollapseCallback(generate=lambda n, rng: torch.zeros(n, 2), on_collapse=stop_training, **quick))
    made.train()
    assert made.state.global_step == 4


def test_a_resumed_run_goes_on_with_its_alarms(trainer, quick, tmp_path):
    """All that the monitor knows at the end is what it knows at the end of a run that was never interrupted."""
    from collapse_metrics.monitor.transformers import CollapseCallback

    def watched(made):
        made.add_callback(
            callback := CollapseCallback(generate=lambda n, rng: torch.randn(n, 2, generator=rng), **quick)
        )
        return callback

    whole = watched(made := trainer(steps=8, save_strategy="steps", save_steps=5))
    made.train()
    resumed = watched(again := trainer(steps=8))
    again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-5"))
    assert whole.monitor.state_dict()["alarms"]["last"] == 8
    assert resumed.monitor.state_dict() == whole.monitor.state_dict()
    alone = watched(trainer(steps=8))
    assert alone.state()["attributes"]["kept"] is None


def test_a_run_that_is_watched_only_from_its_second_part_on_saves_as_before(trainer, quick, tmp_path):
    """The first checkpoint knows of no such callback, and a Trainer asks for a place of it at every save."""
    from collapse_metrics.monitor.transformers import CollapseCallback

    def part(until, names, since=None):
        made, callbacks = trainer(steps=until, save_strategy="steps", save_steps=3), []
        for name in names:
            callbacks.append(CollapseCallback(generate=points_of(made.model), log_dir=tmp_path / name, **quick))
            made.add_callback(callbacks[-1])
        made.train(resume_from_checkpoint=since and str(tmp_path / f"checkpoint-{since}"))
        return [callback.monitor.state_dict()["hopping"]["looks"] for callback in callbacks]

    assert part(3, []) == []
    assert part(6, ["one"], since=3) == [2]
    assert part(9, ["one", "two"], since=6) == [3, 3]  # the second takes the only state there is
    assert part(12, ["one", "two"], since=9) == [5, 5]
    assert part(15, [], since=12) == []


def test_two_callbacks_of_one_trainer_each_find_their_own_state(trainer, quick, tmp_path):
    from collapse_metrics.monitor.transformers import CollapseCallback

    def watched(made, **of):
        pair = []
        for name, spread in (("wide", 1.0), ("narrow", 0.1)):
            draw = lambda n, rng, spread=spread: spread * torch.randn(n, 2, generator=rng)  # noqa: E731
            pair.append(CollapseCallback(generate=draw, log_dir=tmp_path / name, **quick))
            made.add_callback(pair[-1])
        return pair

    whole = watched(made := trainer(steps=6, save_strategy="steps", save_steps=2))
    made.train()
    resumed = watched(again := trainer(steps=6))
    again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    ends = [[callback.monitor.state_dict() for callback in pair] for pair in (whole, resumed)]
    assert ends[0] == ends[1]
    assert ends[0][0] != ends[0][1]


def test_a_state_of_other_data_costs_the_alarms_and_not_the_run(trainer, quick, tmp_path):
    parted = cm.Reference.fit(real=torch.randn(400, 2, generator=torch.Generator().manual_seed(1)), modes=3)
    from collapse_metrics.monitor.transformers import CollapseCallback

    made = trainer(steps=3, save_strategy="steps", save_steps=3)
    made.add_callback(CollapseCallback(generate=points_of(made.model), **quick))
    made.train()
    again = trainer(steps=6)
    again.add_callback(callback := CollapseCallback(generate=points_of(again.model), **{**quick, "reference": parted}))
    with pytest.warns(UserWarning, match="alarms begin anew"):
        again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert callback.monitor.history.steps == [4, 6]


def test_a_callback_that_a_trainer_made_anew_rests_and_says_so(trainer, quick, tmp_path):
    from collapse_metrics.monitor.transformers import CollapseCallback

    made = trainer(steps=3, save_strategy="steps", save_steps=3)
    made.add_callback(CollapseCallback(generate=points_of(made.model), **quick))
    made.train()
    again = trainer(steps=6, restore_callback_states_from_checkpoint=True)
    again.add_callback(CollapseCallback(generate=points_of(again.model), **quick))
    with pytest.warns(UserWarning, match="it rests"):
        again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert again.state.global_step == 6
