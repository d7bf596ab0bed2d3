"""Predictions: a format for something else, options that do not fit, samples taken for others."""

from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from firesteel import Engine
from firesteel.handlers import JsonLines, PredictionWriter, TensorFiles, read_predictions


class Output(NamedTuple):
    scores: Tensor
    texts: list[str]


def step(engine: Engine[int, Output], batch: int) -> Output:
    raise NotImplementedError


def give_text(engine: Engine[int, str], batch: int) -> str:
    return ""


def scores(output: Output) -> Tensor:
    return output.scores


def texts(output: Output) -> list[str]:
    return output.texts


evaluator = Engine(step)
others = Engine(give_text)

PredictionWriter(scores)  # E
PredictionWriter(scores, "folder", TensorFiles())  # E: by keyword
PredictionWriter(scores, folder="folder")  # E
PredictionWriter(texts, folder="folder", files=TensorFiles())  # E
PredictionWriter(scores, folder="folder", files=JsonLines())  # E
PredictionWriter(scores, folder="folder", files=TensorFiles)  # E: one, not the class
PredictionWriter(scores, folder="folder", files="npy")  # E
PredictionWriter(scores, folder=3, files=TensorFiles())  # E
PredictionWriter(scores, folder=lambda: 3, files=TensorFiles())  # E
PredictionWriter(scores, folder="folder", files=TensorFiles(), indices="numbers")  # E
PredictionWriter(scores, folder="folder", files=TensorFiles(), indices=texts)  # E
writer = PredictionWriter(scores, folder="folder", files=TensorFiles())
others.attach(writer)  # E
writer.attach(others)  # E
evaluator.attach(writer, "predictions")  # E
evaluator.attach(PredictionWriter(lambda out: out.score, folder="f", files=TensorFiles()))  # E

read_predictions("folder")  # E
read_predictions("folder", TensorFiles())  # E: by keyword
read_predictions(3, files=TensorFiles())  # E
read_predictions("folder", files=TensorFiles)  # E
one: str = next(read_predictions("folder", files=TensorFiles()))  # E
read_predictions("folder", files=TensorFiles())[0]  # E: one after the other
next(read_predictions("folder", files=JsonLines())).keys()  # E: may be anything


class NoFiles:
    suffix = ".x"

    def write(self, path: Path, predictions: Tensor) -> None: ...


PredictionWriter(scores, folder="folder", files=NoFiles())  # E
