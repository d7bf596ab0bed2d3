"""Where the values are in the output: misspelt, of another type, of another engine, missing."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from firesteel import Accuracy, Average, Engine, Loss, Metric, RunningAverage
from firesteel.metrics import BatchFiltered, EpochWise, MetricUsage


class Output(NamedTuple):
    logits: Tensor
    target: Tensor
    loss: float


class Other(NamedTuple):
    scores: Tensor


class Length(Metric[str, int]):
    def reset(self) -> None: ...
    def update(self, value: str, /) -> None: ...
    def compute(self) -> int:
        return 0


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    raise NotImplementedError


def give_float(engine: Engine[int, float], batch: int) -> float:
    return 0.5


def give_pair(engine: Engine[int, tuple[Tensor, Tensor]], batch: int) -> tuple[Tensor, Tensor]:
    raise NotImplementedError


def of_output(output: Output) -> tuple[Tensor, Tensor]:
    return output.logits, output.target


def of_other(output: Other) -> tuple[Tensor, Tensor]:
    return output.scores, output.scores


def one_tensor(output: Output) -> Tensor:
    return output.logits


def three_tensors(output: Output) -> tuple[Tensor, Tensor, Tensor]:
    return output.logits, output.target, output.target


def two_arguments(output: Output, index: int) -> tuple[Tensor, Tensor]:
    return output.logits, output.target


def no_argument() -> tuple[Tensor, Tensor]:
    raise NotImplementedError


def text_of(output: Output) -> str:
    return ""


engine = Engine(evaluate)
floats = Engine(give_float)
pairs = Engine(give_pair)
cross_entropy = torch.nn.functional.cross_entropy

# no transform, and the output is not the input
Accuracy().attach(engine, "x")  # E
engine.attach(Accuracy(), "x")  # E
Accuracy().attach(floats, "x")  # E
floats.attach(Accuracy(), "x")  # E
Loss(cross_entropy).attach(floats, "x")  # E
floats.attach(Loss(cross_entropy), "x")  # E
Average().attach(engine, "x")  # E
engine.attach(Average(), "x")  # E
Average().attach(pairs, "x")  # E
pairs.attach(RunningAverage(), "x")  # E
RunningAverage().attach(engine, "x")  # E
Length().attach(floats, "x")  # E
floats.attach(Length(), "x")  # E

# 1. a named function
Accuracy(of_other).attach(engine, "x")  # E
engine.attach(Accuracy(of_other), "x")  # E
Accuracy(of_output).attach(floats, "x")  # E
Accuracy(one_tensor).attach(engine, "x")  # E
Accuracy(three_tensors).attach(engine, "x")  # E
Accuracy(two_arguments).attach(engine, "x")  # E
Accuracy(no_argument).attach(engine, "x")  # E
Accuracy("logits").attach(engine, "x")  # E
Accuracy(("logits", "target")).attach(engine, "x")  # E
Average(of_output).attach(engine, "x")  # E
Average(text_of).attach(engine, "x")  # E
Loss(cross_entropy, of_other).attach(engine, "x")  # E
Loss(of_output).attach(pairs, "x")  # E: the loss comes first
RunningAverage(text_of).attach(engine, "x")  # E

# 2. a lambda, on attaching
Accuracy().attach(engine, "x", output_transform=lambda out: (out.logit, out.target))  # E
Accuracy().attach(engine, "x", output_transform=lambda out: (out.logits, out.y))  # E
Accuracy().attach(engine, "x", output_transform=lambda out: out.logits)  # E
Accuracy().attach(engine, "x", output_transform=lambda out: (out.logits, out.loss))  # E
Accuracy().attach(engine, "x", output_transform=lambda out: out["logits"])  # E
Accuracy().attach(engine, "x", output_transform=lambda: (None, None))  # E
Accuracy().attach(engine, "x", output_transform=lambda out, y: (out.logits, y))  # E
Accuracy().attach(engine, "x", output_transform=of_other)  # E
Accuracy().attach(engine, "x", output_transform=one_tensor)  # E
Accuracy().attach(engine, "x", lambda out: (out.logits, out.target))  # E: by keyword
Accuracy().attach(floats, "x", output_transform=lambda out: (out.logits, out.target))  # E
Average().attach(engine, "x", output_transform=lambda out: out.los)  # E
Average().attach(engine, "x", output_transform=lambda out: str(out.loss))  # E
RunningAverage().attach(engine, "x", output_transform=lambda out: out.los)  # E
RunningAverage().attach(engine, "x", output_transform=text_of)  # E
Loss(cross_entropy).attach(engine, "x", output_transform=lambda out: (out.logit, out.target))  # E
Length().attach(engine, "x", output_transform=lambda out: out.loss)  # E
Length().attach(engine, "x", output_transform=lambda out: out.name)  # E

# 3. a lambda, in a metric that the engine attaches
engine.attach(Accuracy(lambda out: (out.logit, out.target)), "x")  # E
engine.attach(Accuracy(lambda out: (out.logits, out.y)), "x")  # E
engine.attach(Accuracy(lambda out: out.logits), "x")  # E
engine.attach(Accuracy(lambda out: (out.logits, out.loss)), "x")  # E
engine.attach(Accuracy(lambda out, y: (out.logits, y)), "x")  # E
engine.attach(Accuracy(output_transform=lambda out: (out.logit, out.target)), "x")  # E
engine.attach(Average(lambda out: out.los), "x")  # E
engine.attach(Average(lambda out: str(out.loss)), "x")  # E
engine.attach(RunningAverage(lambda out: out.los, alpha=0.5), "x")  # E
engine.attach(Loss(cross_entropy, lambda out: (out.logit, out.target)), "x")  # E
floats.attach(Accuracy(lambda out: (out.logits, out.target)), "x")  # E
pairs.attach(Accuracy(lambda out: (out.logits, out.target)), "x")  # E

# names and other arguments
Accuracy(of_output).attach(engine)  # E
engine.attach(Accuracy(of_output))  # E
engine.attach(Accuracy(of_output), None)  # E
engine.attach(Accuracy(of_output), 3)  # E
engine.attach(Accuracy(of_output), "x", "y")  # E
engine.attach("x", Accuracy(of_output))  # E
engine.attach(Accuracy, "x")  # E: not made
engine.attach("accuracy")  # E
engine.attach(of_output, "x")  # E
Accuracy(of_output).attach("x", engine)  # E
Accuracy(of_output).attach(engine, 3)  # E
Accuracy(of_output).attach(engine, "x", usage="epoch")  # E
Accuracy(of_output).attach(engine, "x", usage=EpochWise)  # E: not made
Accuracy(of_output).attach(engine, "x", EpochWise())  # E
Accuracy(of_output, True)  # E: by keyword
Accuracy(of_output, is_multilable=True)  # E
Accuracy(of_output, device=0.5)  # E
Loss()  # E
Loss("cross_entropy")  # E
Loss(cross_entropy, batch_size=3)  # E
Loss(lambda prediction: prediction)  # E
RunningAverage(0.9)  # E
RunningAverage(alpha="0.9")  # E
RunningAverage(momentum=0.9)  # E
Average(device=3.0)  # E
Accuracy(of_output).detach()  # E
Accuracy(of_output).is_attached("x")  # E
Accuracy().update(torch.eye(2))  # E
Accuracy().update((torch.eye(2), 3))  # E
Accuracy().update(torch.eye(2), torch.eye(2))  # E
Average().update("0.5")  # E
Average().update((1.0, 2))  # E
text: str = Accuracy().compute()  # E
other: Accuracy[Other] = Accuracy(of_output)  # E
metric: Metric[Any, float, Other] = Accuracy(of_output)  # E
BatchFiltered(every=2.5)  # E
BatchFiltered(2)  # E
EpochWise(every=2)  # E
MetricUsage()  # E
MetricUsage(started="s", iteration_completed="i", completed="c")  # E

Accuracy(of_output).attach(engine, "x", usage=EpochWise())
Average().attach(floats, "x")
