"""What does a monitored training look like from outside, that is killed at any moment? Started by test_kills.py.

Reads folders from its input. For each it starts a child that trains with a monitor there, and says which; the child
says each look that its history has taken. Children are forked from a process that has already imported and measured
everything, on one thread, so that a kill hits the training and not the start of Python.
"""

import os
import sys

import torch

import collapse_metrics as cm


def train(folder, reference, steps=100_000):
    torch.manual_seed(os.getpid())
    generator = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)
    about = {"latent": 2, "every": 2, "n": 64, "reference": reference, "log_dir": folder, "probes": False}
    monitor = cm.Monitor(generator, optimizer=optimizer, print_to=None, **about)
    told = 0
    for _ in range(steps):
        loss = generator(torch.randn(8, 2)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        monitor.log(g_loss=loss)
        optimizer.step()
        if len(monitor.history.steps) > told:
            told = len(monitor.history.steps)
            os.write(1, f"look {monitor.history.steps[-1]}\n".encode() if folder else b"")


def main():
    torch.set_num_threads(1)
    reference = cm.Reference.fit(real=torch.randn(300, 2, generator=torch.Generator().manual_seed(1)), name="plane")
    train(None, reference, steps=2)
    os.write(1, b"ready\n")
    for folder in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                train(folder.strip(), reference)
            finally:
                os._exit(1)
        os.write(1, f"child {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"over\n")


if __name__ == "__main__":
    main()
