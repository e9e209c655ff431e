"""Do the completions of a language model stay diverse? A tiny GPT-2 in a Trainer; the two lines are marked."""

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

from collapse_metrics.monitor.transformers import CollapseCallback  # monitor

LENGTH, WORDS = 8, 16


def sentences(n, seed=0):
    """Rows of words that count upwards from a random one: sixteen kinds of sentence."""
    first = torch.randint(WORDS, (n, 1), generator=torch.Generator().manual_seed(seed))
    return (first + torch.arange(LENGTH)) % WORDS


def rows(words):
    """What tells sentences apart: which word stands where."""
    return torch.nn.functional.one_hot(words, WORDS).flatten(1).float()


def train(steps=2000, every=200):
    """Train, and give back all that training leaves behind."""
    model = GPT2LMHeadModel(GPT2Config(vocab_size=WORDS, n_positions=LENGTH, n_embd=32, n_layer=2, n_head=2))

    def completions(n, rng):
        words = torch.randint(WORDS, (n, 1), generator=rng)
        for _ in range(LENGTH - 1):
            likely = model(words).logits[:, -1].softmax(dim=1)
            words = torch.cat([words, torch.multinomial(likely, 1, generator=rng)], dim=1)
        return rows(words)

    trainer = Trainer(
        model,
        TrainingArguments("runs/trainer", max_steps=steps, save_strategy="no", disable_tqdm=True, use_cpu=True),
        train_dataset=[{"input_ids": words, "labels": words} for words in sentences(4000)],
        callbacks=[CollapseCallback(generate=completions, every=every, reference=rows(sentences(1000, 1)))],  # monitor
    )
    trainer.train()
    return model, trainer.optimizer


if __name__ == "__main__":
    train()
