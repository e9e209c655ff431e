"""What do two processes of each framework do? Started by test_two_ranks.py; what they saw is written as JSON."""

import json
import logging
import sys
import warnings
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import collapse_metrics as cm

STEPS = 6


def plane():
    return cm.Reference.fit(real=torch.randn(400, 2, generator=torch.Generator().manual_seed(1)), name="plane")


def generator():
    torch.manual_seed(7)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))


def points():
    return TensorDataset(torch.randn(600, 2, generator=torch.Generator().manual_seed(2)))


def left(net):
    inside = net.module if hasattr(net, "module") else net
    return {
        "state": {name: value.tolist() for name, value in inside.state_dict().items()},
        "random": torch.get_rng_state().tolist(),
    }


def by_lightning(folder, options):
    """Automatic optimisation, with the callbacks that read values on every process."""
    import lightning.pytorch as pl
    from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

    from collapse_metrics.monitor.lightning import CollapseCallback

    class Module(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.generator = generator()

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters())

        def training_step(self, batch, batch_idx):
            return (self.generator(torch.randn(len(batch[0]), 4)) - batch[0]).square().mean()

    module, callbacks = Module(), []
    if options:
        callbacks.append(CollapseCallback("generator", **options))
        name = "collapse/accepted_share"
        callbacks.append(EarlyStopping(name, patience=100, strict=False, check_on_train_epoch_end=True))
        callbacks.append(ModelCheckpoint(folder / "best", monitor=name, save_on_train_epoch_end=True))
    torch.manual_seed(100 + dist.get_rank())
    trainer = pl.Trainer(
        max_epochs=2, limit_train_batches=STEPS // 2, accelerator="cpu", devices=2, strategy="ddp", logger=False,
        enable_checkpointing=bool(callbacks), enable_progress_bar=False, enable_model_summary=False,
        callbacks=callbacks, use_distributed_sampler=True,
    )  # fmt: skip
    trainer.fit(module, DataLoader(points(), batch_size=16))
    kept = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("collapse/")}
    return left(module), callbacks[0].monitor if options else None, kept


def by_accelerate(folder, options):
    from accelerate import Accelerator

    from collapse_metrics.monitor.accelerate import watch

    accelerator = Accelerator(cpu=True)
    net = generator()
    net, optimizer, loader = accelerator.prepare(
        net, torch.optim.Adam(net.parameters()), DataLoader(points(), batch_size=16)
    )
    monitor = watch(net, optimizer=optimizer, **options) if options else None
    torch.manual_seed(100 + dist.get_rank())
    for _, (real,) in zip(range(STEPS), loader, strict=False):
        loss = (net(torch.randn(len(real), 4)) - real).square().mean()
        optimizer.zero_grad()
        accelerator.backward(loss)
        optimizer.step()
    return left(net), monitor, {}


def by_fabric(folder, options):
    from lightning.fabric import Fabric

    from collapse_metrics.monitor.accelerate import watch

    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp")
    fabric.launch()
    net = generator()
    net, optimizer = fabric.setup(net, torch.optim.Adam(net.parameters()))
    loader = fabric.setup_dataloaders(DataLoader(points(), batch_size=16))
    monitor = watch(net, optimizer=optimizer, **options) if options else None
    torch.manual_seed(100 + dist.get_rank())
    for _, (real,) in zip(range(STEPS), loader, strict=False):
        loss = (net(torch.randn(len(real), 4)) - real).square().mean()
        optimizer.zero_grad()
        fabric.backward(loss)
        optimizer.step()
    return left(net.module), monitor, {}


def by_transformers(folder, options):
    """With an evaluation whose best value and early stop are read on every process."""
    from transformers import EarlyStoppingCallback, Trainer, TrainingArguments

    from collapse_metrics.monitor.transformers import CollapseCallback

    class Teaches(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = generator()

        def forward(self, points, labels=None):
            fake = self.layers(torch.randn(len(points), 4))
            return {"loss": (fake - points).square().mean(), "points": fake}

    model = Teaches()
    data = [{"points": row, "labels": 0.0} for (row,) in points()]
    best = {"metric_for_best_model": "collapse/accepted_share", "load_best_model_at_end": False} if options else {}
    arguments = TrainingArguments(
        str(folder / "trainer"), max_steps=STEPS, per_device_train_batch_size=16, report_to=[], disable_tqdm=True,
        use_cpu=True, save_strategy="no", eval_strategy="steps", eval_steps=3, logging_steps=100, **best,
    )  # fmt: skip
    callbacks = []
    if options:
        draw = lambda n, rng: model.layers(torch.randn(n, 4, generator=rng))  # noqa: E731
        callbacks.append(CollapseCallback(generate=draw, **options))
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=100))
    trainer = Trainer(model, arguments, train_dataset=data, eval_dataset=data[:32], callbacks=callbacks)
    torch.manual_seed(100 + dist.get_rank())
    trainer.train()
    kept = {} if not options else dict(callbacks[0]._values)
    return left(model), callbacks[0].monitor if options else None, kept


def by_ignite(folder, options):
    from ignite.engine import Engine
    from torch.nn.parallel import DistributedDataParallel

    from collapse_metrics.monitor.ignite import attach

    net = DistributedDataParallel(generator())
    optimizer = torch.optim.Adam(net.parameters())

    def update(engine, batch):
        loss = (net(torch.randn(len(batch[0]), 4)) - batch[0]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"g_loss": loss.item()}

    engine = Engine(update)
    attached = attach(engine, net, optimizer=optimizer, **options) if options else None
    torch.manual_seed(100 + dist.get_rank())
    engine.run(DataLoader(points(), batch_size=16), max_epochs=1, epoch_length=STEPS)
    return left(net), attached.monitor if attached else None, dict(engine.state.metrics)


LOOPS = {
    "lightning": by_lightning,
    "fabric": by_fabric,
    "accelerate": by_accelerate,
    "transformers": by_transformers,
    "ignite": by_ignite,
}


def main(folder):
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    dist.init_process_group("gloo")
    reference, seen = plane(), {}
    options = {"reference": reference, "every": 2, "n": 100, "alarms_from": 0, "print_to": None}
    for name in sys.argv[2:]:
        plain, _, _ = LOOPS[name](folder, {})
        watched, monitor, kept = LOOPS[name](folder, options)
        seen[name] = {"same": watched == plain, "looks": monitor.history.steps, "values": kept}
    if "lightning" in seen:
        _, monitor, kept = by_lightning(folder, options | {"ranks": "first"})
        seen["alone"] = {"looks": monitor.history.steps, "values": kept}
    (folder / f"rank{dist.get_rank()}.json").write_text(json.dumps(seen))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
