"""In a Trainer of transformers: the same training, values where it keeps its own, and steps that go on."""

import pytest
import torch
from torch import nn


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
