"""How does the monitor stand in ``model.fit`` of Keras 3 on torch? Its two lines are marked."""

import os

os.environ["KERAS_BACKEND"] = "torch"  # before Keras is imported

import keras
import torch
from keras import layers

from collapse_metrics.monitor.keras import CollapseCallback  # monitor
from reference_gans.data import ring


class GAN(keras.Model):
    """Keras' own example of a train step of one's own, for torch."""

    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential(
            [keras.Input((4,)), layers.Dense(64), layers.BatchNormalization(), layers.ReLU(), layers.Dense(2)]
        )
        self.discriminator = keras.Sequential(
            [keras.Input((2,)), layers.Dense(64), layers.LeakyReLU(0.2), layers.Dropout(0.1), layers.Dense(1)]
        )
        self.noise = keras.random.SeedGenerator(7)
        self.loss = keras.losses.BinaryCrossentropy(from_logits=True)
        self.d_tracker, self.g_tracker = keras.metrics.Mean("d_loss"), keras.metrics.Mean("g_loss")
        self.d_optimizer, self.g_optimizer = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3)
        self.built = True  # it has no call of its own

    def train_step(self, real):
        fake = self.generator(keras.random.normal((len(real), 4), seed=self.noise), training=True)
        judged = self.discriminator(torch.cat([real, fake.detach()]), training=True)
        truth = torch.cat([torch.ones(len(real), 1), torch.zeros(len(real), 1)])
        d_loss = self.loss(truth, judged)
        self.move(self.discriminator, self.d_optimizer, d_loss)

        g_loss = self.loss(torch.ones(len(real), 1), self.discriminator(fake, training=True))
        self.move(self.generator, self.g_optimizer, g_loss)
        self.d_tracker.update_state(d_loss)
        self.g_tracker.update_state(g_loss)
        return {"d_loss": self.d_tracker.result(), "g_loss": self.g_tracker.result()}

    def move(self, network, optimizer, loss):
        """One step down the slope of the loss."""
        self.zero_grad()
        loss.backward()
        with torch.no_grad():
            optimizer.apply([w.value.grad for w in network.trainable_weights], network.trainable_weights)


def train(steps=2000, every=200):
    """Train, and give back all that training leaves behind."""
    data, gan = ring(), GAN()
    gan.compile(optimizer=gan.g_optimizer)
    gan.fit(
        data.real.numpy(),
        batch_size=128,
        steps_per_epoch=min(steps, 78),
        epochs=max(steps // 78, 1),
        verbose=0,
        callbacks=[CollapseCallback("generator", every=every, reference=data.real)],  # monitor
    )
    return gan, gan.g_optimizer, gan.d_optimizer


if __name__ == "__main__":
    train()
