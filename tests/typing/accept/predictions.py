"""Predictions go out in a format and come back in the same one, with their types."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, assert_type

import torch
from torch import Tensor

from firesteel import Engine, RemovableEventHandle
from firesteel.handlers import (
    JsonLines,
    JsonValue,
    PredictionFiles,
    PredictionWriter,
    TensorFiles,
    read_predictions,
)


class Output(NamedTuple):
    scores: Tensor
    texts: list[str]
    numbers: Tensor


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(torch.ones(2) * batch, ["a", "b"], torch.tensor([2, 3]) * batch)


class Lines:
    """A format of one's own: a line of text for each sample."""

    suffix = ".txt"

    def num_samples(self, predictions: list[str], /) -> int:
        return len(predictions)

    def write(self, path: Path, predictions: list[str], /) -> None:
        path.write_text("\n".join(predictions))

    def read(self, path: Path, /) -> Sequence[str]:
        return path.read_text().split("\n")


def shown(output: Output) -> list[JsonValue]:
    return [{"text": text, "length": len(text)} for text in output.texts]


lines: PredictionFiles[list[str], str] = Lines()
evaluator = Engine(step)

with TemporaryDirectory() as folder:
    root = Path(folder)
    handle = evaluator.attach(
        PredictionWriter(
            lambda out: out.scores,
            folder=root / "scores",
            files=TensorFiles(),
            indices=lambda out: out.numbers,
        )
    )
    assert_type(handle, RemovableEventHandle)
    evaluator.attach(PredictionWriter(lambda out: out.texts, folder=root / "texts", files=Lines()))
    PredictionWriter(shown, folder=lambda: root / "json", files=JsonLines()).attach(evaluator)
    evaluator.run([1, 2])

    scores = read_predictions(root / "scores", files=TensorFiles())
    assert_type(scores, Iterator[Tensor])
    texts = read_predictions(root / "texts", files=Lines())
    assert_type(texts, Iterator[str])
    assert list(texts) == ["a", "b", "a", "b"]
    for value in read_predictions(root / "json", files=JsonLines()):
        assert isinstance(value, dict)
