"""No metric makes the host wait for the device while it is updated."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from typing_extensions import override

from firesteel import Accuracy, Average, Engine, Loss, Metric, RunningAverage
from firesteel.metrics import PredTarget, Scalar

WAITING: Final = frozenset(
    {"_local_scalar_dense", "item", "is_nonzero", "equal", "nonzero", "masked_select"}
    | {"_unique2", "unique_dim", "bincount"}
)
"""Operations of which the host has to see the values, or that need them for a shape."""


@contextmanager
def waits() -> Generator[list[str]]:
    """List the operations at which the host would wait for a device."""
    found: list[str] = []

    class Listing(TorchDispatchMode):
        @override
        def __torch_dispatch__(
            self,
            func: Callable[..., object],
            types: Iterable[type],
            args: tuple[object, ...] = (),
            kwargs: Mapping[str, object] | None = None,
        ) -> object:
            _, name, _ = str(func).split(".")  # aten.nonzero.default
            if name in WAITING:
                found.append(name)
            return func(*args, **(kwargs or {}))

    make: Callable[[], TorchDispatchMode] = Listing  # torch's constructor is not typed
    with make():
        yield found


SCORES: Final = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
CLASSES: Final = torch.tensor([1, 0, 0])
LABELS: Final = torch.tensor([[1, 0], [0, 0], [1, 1]])


def waits_of(metric: Metric[Any, object, Any], value: object) -> list[list[str]]:
    """List where each of three updates makes the host wait."""
    all_found: list[list[str]] = []
    for _ in range(3):
        with waits() as found:
            metric.update(value)
        all_found.append(found)
    return all_found


ASKING: Final[Sequence[Callable[[Tensor], object]]] = (
    lambda tensor: tensor.item(),
    bool,
    float,
    lambda tensor: tensor.reshape(1).nonzero(),
    lambda tensor: torch.equal(tensor, tensor),
    lambda tensor: tensor.reshape(1).long().bincount(),
)


@pytest.fixture(autouse=True)
def _as_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have counting go the way that it goes where numpy cannot reach, which the mode sees."""
    monkeypatch.setattr("firesteel.metrics._functional._counts.has_numpy", False)


@pytest.mark.parametrize("ask", ASKING)
def test_a_wait_is_seen(ask: Callable[[Tensor], object]) -> None:
    with waits() as found:
        ask(torch.ones(()))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (Accuracy(validate="never"), (SCORES, CLASSES)),
        (Accuracy(validate="never"), (CLASSES, CLASSES)),
        (Accuracy(validate="never", is_multilabel=True), (LABELS, LABELS)),
        (Accuracy(validate="never", device="cpu"), (SCORES, CLASSES)),
        (Loss(torch.nn.functional.cross_entropy), (SCORES, CLASSES)),
        (Average(), torch.tensor(0.5)),
        (Average(), 0.5),
        (Average(device="cpu"), torch.tensor(1)),
        (RunningAverage(), torch.tensor(0.5)),
        (RunningAverage(device="cpu"), torch.tensor(0.5)),
    ],
)
def test_an_update_does_not_wait(metric: Metric[Any, object, Any], value: object) -> None:
    assert waits_of(metric, value) == [[], [], []]


def test_classes_are_looked_at_once_after_a_reset() -> None:
    accuracy = Accuracy()
    for _ in range(2):
        first, *others = waits_of(accuracy, (SCORES, CLASSES))
        assert len(first) == 1
        assert others == [[], []]
        accuracy.reset()


@pytest.mark.parametrize(
    "metric",
    [Accuracy(validate="never"), Loss(torch.nn.functional.cross_entropy)],
    ids=["accuracy", "loss"],
)
def test_an_epoch_waits_once(metric: Metric[PredTarget, float, PredTarget]) -> None:
    def give(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
        return SCORES, CLASSES

    evaluator = Engine(give)
    metric.attach(evaluator, "metric")
    with waits() as found:
        evaluator.run(range(5))
    assert len(found) == 1


def test_a_running_result_waits_where_it_is_read() -> None:
    def give(engine: Engine[int, Scalar], batch: int) -> Scalar:
        return torch.tensor(float(batch))

    trainer = Engine(give)
    mean = RunningAverage().attach(trainer, "mean")
    with waits() as found:
        state = trainer.run(range(5), max_epochs=2)
    assert found == []
    with waits() as found:
        _ = state.metrics[mean], state.metrics[mean]
    assert len(found) == 1
