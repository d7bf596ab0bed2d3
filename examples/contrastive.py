"""Learn what digits look like without labels: two views of one picture belong together.

Run it with ``python examples/contrastive.py``. The data comes with scikit-learn. Each picture is
turned, stretched and shifted at random, twice, and a small net learns to tell which two views come
from one picture. Then 50 labelled pictures are given, and each picture of the test part gets the
label of the nearest of them: by its pixels, and by what the net makes of it. It takes some ten
seconds on one core.

Source:
    Chen et al., "A simple framework for contrastive learning of visual representations", ICML 2020
    (SimCLR).
"""

import gzip
import io
from importlib import resources
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.utils.data import TensorDataset

from firesteel import Accuracy, Engine, ProgressBar
from firesteel.data import DataLoader, manual_seed

NUM_TEST = 600
NUM_LABELLED = 50
TEMPERATURE = 0.5
TURN, SHIFT, NOISE = 0.25, 0.12, 0.1


class Digits(NamedTuple):
    """Pictures of shape (pictures, 1, 8, 8), labels of shape (pictures,)."""

    picture: Tensor
    label: Tensor


class Views(NamedTuple):
    """Two views of the same pictures, each of shape (batch, 1, 8, 8)."""

    one: Tensor
    other: Tensor


class Similarity(NamedTuple):
    """How like one view of each picture is to the other views: logits of shape (batch, batch).

    The right one for each row is in ``target``, of shape (batch,).
    """

    logits: Tensor
    target: Tensor


class Result(NamedTuple):
    """Accuracies of the nearest labelled picture, on pictures of the test part."""

    by_pixels: float
    by_embedding: float


def load() -> Digits:
    packed = resources.files("sklearn.datasets.data").joinpath("digits.csv.gz").read_bytes()
    rows = np.loadtxt(io.BytesIO(gzip.decompress(packed)), delimiter=",", dtype=np.float32)
    table = torch.from_numpy(rows)[torch.randperm(len(rows))]
    return Digits(table[:, :64].reshape(-1, 1, 8, 8) / 16 - 0.5, table[:, 64].long())


def see(picture: Tensor) -> Tensor:
    """Give a view of each picture: turned, stretched, shifted and with noise."""
    num_pictures = len(picture)
    angle = TURN * torch.randn(num_pictures)
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=1)
    stretch = 1 + 0.1 * torch.randn(num_pictures, 1, 2)
    shift = SHIFT * torch.randn(num_pictures, 2, 1)
    matrix = torch.cat([turn.reshape(-1, 2, 2) * stretch, shift], dim=2)
    grid = functional.affine_grid(matrix, list(picture.shape), align_corners=False)
    view = functional.grid_sample(picture, grid, padding_mode="border", align_corners=False)
    return view + NOISE * torch.randn_like(view)


def collate(samples: list[tuple[Tensor, ...]]) -> Views:
    picture = torch.stack([sample[0] for sample in samples])
    return Views(see(picture), see(picture))


def make_encoder() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1, stride=2),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 4 * 4, 128),
    )


def make_trainer(encoder: nn.Module) -> Engine[Views, Similarity]:
    head = nn.Sequential(nn.ReLU(), nn.Linear(128, 64))
    optimizer = AdamW([*encoder.parameters(), *head.parameters()], lr=3e-3)

    def train(_engine: Engine[Views, Similarity], views: Views) -> Similarity:
        encoder.train()
        one = functional.normalize(head(encoder(views.one)))
        other = functional.normalize(head(encoder(views.other)))
        logits = one @ other.T / TEMPERATURE
        target = torch.arange(len(views.one))
        loss = functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return Similarity(logits.detach(), target)

    return Engine(train)


def accuracy_of_nearest(point: Tensor, label: Tensor) -> float:
    """Tell how often the nearest of the last points has the right label; points (points, axes)."""
    known = len(point) - NUM_LABELLED
    nearest = torch.cdist(point[:NUM_TEST], point[known:]).argmin(dim=1)
    return float((label[known:][nearest] == label[:NUM_TEST]).float().mean())


def main(*, num_epochs: int = 20) -> Result:
    """Train without labels, and tell how good the nearest labelled picture is."""
    manual_seed(7)
    digits = load()
    encoder = make_encoder()
    trainer = make_trainer(encoder)
    matched = trainer.attach(Accuracy(), "matched")
    trainer.attach(ProgressBar(metrics=[matched]))
    loader = DataLoader(
        TensorDataset(digits.picture[NUM_TEST:]),
        collate_fn=collate,
        batch_size=128,
        shuffle=True,
        drop_last=True,
        seed=7,
        seeding="batch",
    )
    trainer.run(loader, max_epochs=num_epochs)
    encoder.eval()
    with torch.no_grad():
        embedding = functional.normalize(encoder(digits.picture))
    return Result(
        by_pixels=accuracy_of_nearest(digits.picture.flatten(1), digits.label),
        by_embedding=accuracy_of_nearest(embedding, digits.label),
    )


if __name__ == "__main__":
    result = main()
    print(f"accuracy of the nearest of {NUM_LABELLED} labelled pictures:", end=" ")
    print(f"by pixels {result.by_pixels:.3f}, by embedding {result.by_embedding:.3f}")
