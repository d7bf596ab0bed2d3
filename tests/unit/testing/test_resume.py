"""The helper that proves a resume: right pipelines pass, each way to be wrong is told."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import Dataset, TensorDataset
from typing_extensions import override

from firesteel.data import DataLoader, RandomStates
from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ResumeError
from firesteel.events import Events
from firesteel.protocols import Stateful
from firesteel.testing import Pipeline, check_resume


class Output(NamedTuple):
    loss: float
    scores: Tensor


DATASET = TensorDataset(
    torch.rand(10, 4, generator=torch.Generator().manual_seed(5)), torch.arange(10) % 3
)


def pipeline(
    *, without: str = "", data: Callable[[], Any] | None = None, noise: float = 0.0
) -> Pipeline:
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(model.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    ours = DataLoader(DATASET, batch_size=3, shuffle=True, seed=2)
    loader: Any = ours if data is None else data()
    calls: list[int] = []

    def step(engine: Engine[list[Tensor], Output], batch: list[Tensor]) -> Output:
        scores = model(batch[0] + noise * len(calls))
        calls.append(0)
        loss = nn.functional.cross_entropy(scores, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        return Output(loss.item(), scores)

    parts: dict[str, Stateful] = {
        "model": model,
        "optimizer": optimizer,
        "scheduler": scheduler,
        "random": RandomStates(),
    }
    parts.pop(without, None)
    return Pipeline(engine=Engine(step), data=loader, parts=parts)


AT = [1, 3, 4, 6, 8]


def test_what_is_saved_whole_goes_on_exactly() -> None:
    check_resume(pipeline, num_iterations=9, at=AT)


@pytest.mark.parametrize("part", ["model", "optimizer", "scheduler", "random"])
def test_what_is_not_saved_is_noticed(part: str) -> None:
    with pytest.raises(ResumeError, match=r"^check_resume: gone on with after iteration \d, the "):
        check_resume(lambda: pipeline(without=part), num_iterations=9, at=[4, 5])


def test_an_order_that_is_not_saved_is_noticed() -> None:
    def shuffled() -> object:
        return TorchDataLoader(DATASET, batch_size=3, shuffle=True)

    message = (
        r"after iteration 2, the batch of iteration 3 must be the same .* at \[0\]: torch.float"
    )
    with pytest.raises(ResumeError, match=message):
        check_resume(lambda: pipeline(data=shuffled), num_iterations=9, at=[2])


def test_what_is_kept_elsewhere_is_noticed() -> None:
    message = (
        r"after iteration 4, the output of iteration 5 must be .* difference at \[0\]: \d\.\d+, n"
    )
    with pytest.raises(ResumeError, match=message):
        check_resume(lambda: pipeline(noise=0.1), num_iterations=9, at=[4])


def test_random_states_are_as_they_were() -> None:
    torch.manual_seed(9)
    expected = torch.rand(1)
    torch.manual_seed(9)
    check_resume(pipeline, num_iterations=5, at=[2])
    assert torch.equal(torch.rand(1), expected)


class Noisy(Dataset[tuple[Tensor, Tensor]]):
    """Samples that are drawn from the global random state."""

    @override
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x, y = DATASET[index]
        return x + torch.rand(4), y

    def __len__(self) -> int:
        return 10


def test_what_is_drawn_to_pass_over_batches_is_not_drawn_twice() -> None:
    def ordered() -> object:
        return TorchDataLoader(Noisy(), batch_size=3)

    check_resume(lambda: pipeline(data=ordered), num_iterations=9, at=[2, 4, 6])


@pytest.mark.filterwarnings("ignore:'set_vital' is deprecated")  # torchdata calls it
def test_random_states_are_exact_beside_a_loader_of_torchdata() -> None:
    stateful_dataloader = pytest.importorskip("torchdata.stateful_dataloader")

    def shuffled() -> object:
        return stateful_dataloader.StatefulDataLoader(DATASET, batch_size=3, shuffle=True)

    check_resume(lambda: pipeline(data=shuffled), num_iterations=9, at=[2, 4, 6])


class Odd:
    """Has a state that depends on when it was made."""

    def __init__(self, value: object) -> None:
        self.value = value

    def state_dict(self) -> dict[str, Any]:
        return {"value": self.value}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        pass


@pytest.mark.parametrize(
    ("values", "difference"),
    [
        ([0.0, -0.0], None),
        ([torch.tensor(0.0), torch.tensor(-0.0)], "begins with"),
        ([torch.tensor([1.0]), torch.tensor([1.0], dtype=torch.float64)], "float64 of shape"),
        ([torch.tensor(torch.nan), torch.tensor(torch.nan)], None),
        ([float("nan"), float("nan")], None),
        ([[1, 2], [1, 3]], r"\['odd'\]\['value'\]\[1\]: 3, not 2"),
        ([(1,), [1]], r"\[1\], not \(1,\)"),
        ([{"a": 1}, {"b": 1}], r"the entries"),
        ([torch.eye(2).to_sparse(), torch.eye(2).to_sparse()], None),
        ([torch.eye(2).to_sparse(), torch.eye(2)], "begins with"),
        ([1, True], "True, not 1"),
    ],
)
def test_states_in_the_end_are_compared_bit_for_bit(
    values: list[object], difference: str | None
) -> None:
    made = iter(values)

    def build() -> Pipeline:
        engine: Engine[int, int] = Engine(lambda engine, batch: batch)
        return Pipeline(engine=engine, data=range(3), parts={"odd": Odd(next(made))})

    if difference is None:
        check_resume(build, num_iterations=3, at=[1])
    else:
        with pytest.raises(ResumeError, match=rf"the state in the end .*{difference}"):
            check_resume(build, num_iterations=3, at=[1])


@pytest.mark.parametrize(
    ("arrays", "difference"),
    [
        ([np.array([1.0, np.nan]), np.array([1.0, np.nan])], None),
        ([np.array([1, 2]), np.array([1, 3])], r"\['values'\]\[1\]: 3, not 2"),
        ([np.zeros(2), np.zeros(2, dtype=np.float32)], r"'float32', not 'float64'"),
    ],
)
def test_arrays_of_numpy_are_compared(arrays: list[object], difference: str | None) -> None:
    made = iter(arrays)

    def build() -> Pipeline:
        array = next(made)
        engine: Engine[int, object] = Engine(lambda engine, batch: array)
        return Pipeline(engine=engine, data=range(3), parts={})

    if difference is None:
        check_resume(build, num_iterations=3, at=[1])
    else:
        with pytest.raises(ResumeError, match=rf"the output of iteration 2 .*{difference}"):
            check_resume(build, num_iterations=3, at=[1])


@pytest.mark.parametrize("at", [3, 4])
def test_a_checkpoint_that_a_run_does_not_come_to_proves_nothing(at: int) -> None:
    def build() -> Pipeline:
        engine: Engine[int, int] = Engine(lambda engine, batch: batch)
        engine.add_event_handler(Events.ITERATION_COMPLETED(once=3), engine.terminate)
        return Pipeline(engine=engine, data=range(9), parts={})

    check_resume(build, num_iterations=6, at=[2])
    with pytest.raises(ArgumentError, match=rf"at must be below .* with 3, got \[{at}\]"):
        check_resume(build, num_iterations=6, at=[2, at])
    with pytest.raises(ArgumentError, match="at must name at least one iteration, got none"):
        check_resume(build, num_iterations=6, at=[])


@pytest.mark.parametrize("at", [0, 5, 9])
def test_where_to_save_lies_within(at: int) -> None:
    with pytest.raises(ArgumentError, match="check_resume: at must be from 1 to 4, below"):
        check_resume(pipeline, num_iterations=5, at=[at])
