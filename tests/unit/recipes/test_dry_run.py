"""Dry runs: what does not fit is found without numbers, and all is as it was afterwards."""

from collections.abc import Callable

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor
from typing_extensions import override

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError, TracingError
from firesteel.events import Events
from firesteel.metrics import Accuracy, ConfusionMatrix, Metric, field
from firesteel.recipes import (
    Schedule,
    ScheduleTime,
    TensorPair,
    create_supervised_trainer,
    dry_run,
)


class Pair(NamedTuple):
    x: Tensor
    y: Tensor


class Output(NamedTuple):
    scores: Tensor
    y: Tensor


def untyped(value: object) -> Any:
    return value


class Script:
    """A model that is trained, with an evaluator in it."""

    def __init__(self, num_classes: int = 3) -> None:
        self.model = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, num_classes)
        )
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.trainer = Engine(self.step)

    def step(self, engine: Engine[Pair, Output], batch: Pair) -> Output:
        self.optimizer.zero_grad()
        scores: Tensor = self.model(batch.x)
        loss = nn.functional.cross_entropy(scores, batch.y)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return Output(scores.detach(), batch.y)


def select(output: Output) -> tuple[Tensor, Tensor]:
    return output.scores, output.y


def batch(width: int = 4, num_rows: int = 6) -> Callable[[], Pair]:
    return lambda: Pair(torch.empty(5, width), torch.empty(num_rows - 1, dtype=torch.long))


def test_it_tells_the_shapes_of_the_output() -> None:
    output = dry_run(Script().trainer, batch()).output
    assert (output.scores.shape, output.scores.dtype) == ((5, 3), torch.float32)


@pytest.mark.parametrize("wrong", [batch(width=5), batch(num_rows=9)], ids=["width", "rows"])
def test_what_does_not_fit_in_the_step_fails(wrong: Callable[[], Pair]) -> None:
    with pytest.raises((RuntimeError, ValueError), match=r"size|dim|batch_size") as caught:
        dry_run(Script().trainer, wrong)
    assert any("raised in iteration 1" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("is_trained", [False, True])
def test_all_is_as_it_was(*, is_trained: bool) -> None:
    script = Script()
    if is_trained:
        generator = torch.Generator().manual_seed(0)
        real = Pair(torch.rand(5, 4, generator=generator), torch.tensor([0, 1, 2, 0, 1]))
        script.trainer.run([real, real])
    model, optimizer, trainer = script.model, script.optimizer, script.trainer
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    kept = {
        name: value.clone() for state in optimizer.state.values() for name, value in state.items()
    }
    position, random_state = trainer.state_dict(), torch.get_rng_state()
    dry_run(trainer, batch())
    assert trainer.state_dict() == position
    assert torch.equal(torch.get_rng_state(), random_state)
    after = model.state_dict()
    assert after.keys() == weights.keys()
    for name, value in after.items():
        assert type(value) is Tensor
        assert torch.equal(value, weights[name]), name
    for parameter in model.parameters():
        assert not isinstance(parameter.grad, FakeTensor)
    assert bool(optimizer.state) == is_trained
    last = {name: value for state in optimizer.state.values() for name, value in state.items()}
    assert {name: torch.equal(value, kept[name]) for name, value in last.items()} == dict.fromkeys(
        kept, True
    )
    # and goes on with numbers
    assert not isinstance(trainer.run([Pair(torch.zeros(5, 4), torch.zeros(5).long())]), FakeTensor)


def test_handlers_are_run_whatever_their_filters() -> None:
    trainer = Script().trainer
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED(every=1000),
        lambda engine: engine.state.output.scores @ torch.zeros(2, 2),
    )
    with pytest.raises(RuntimeError, match="a and b must have same reduction dim"):
        dry_run(trainer, batch())


def test_who_needs_numbers_is_named_and_the_others_run() -> None:
    trainer = Script().trainer
    seen: list[str] = []

    def show(engine: Engine[Pair, Output]) -> None:
        seen.append("asked")
        seen.append(f"{engine.state.output.scores.sum().item()}")

    trainer.add_event_handler(Events.ITERATION_COMPLETED, show)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: seen.append("after it"))
    found = dry_run(trainer, batch())
    assert seen == ["asked", "after it"]
    assert len(found.untraced) == 1
    assert "show: " in found.untraced[0]
    assert "_local_scalar_dense" in found.untraced[0]


def test_updates_of_metrics_are_traced_and_their_results_named_where_they_need_numbers() -> None:
    script = Script()
    evaluator = Engine(script.step)
    Accuracy(select).attach(evaluator, "accuracy")
    matrix = ConfusionMatrix(select, num_classes=3)
    matrix.attach(evaluator, "matrix")
    seen: list[object] = []
    evaluator.add_event_handler(
        Events.ITERATION_COMPLETED, lambda: seen.append(matrix.state_dict())
    )
    found = dry_run(evaluator, batch())
    assert "FakeTensor" in repr(seen)
    assert len(found.untraced) == 1
    assert "while the metric 'accuracy' (Accuracy) was computed" in found.untraced[0]


def test_a_metric_that_needs_numbers_in_its_update_is_named_and_its_result_too() -> None:
    class Read(Metric[Output, float]):
        total = field(0.0)

        @override
        def update(self, value: Output, /) -> None:
            self.total += value.scores.sum().item()

        @override
        def compute(self) -> float:
            raise NotComputableError("Read: needs a batch")

    evaluator = Engine(Script().step)
    Read().attach(evaluator, "read")
    found = dry_run(evaluator, batch())
    assert ["NotComputableError" in one for one in found.untraced] == [False, True]


def test_a_metric_that_has_nothing_to_compute_from_fails_where_all_was_traced() -> None:
    evaluator = Engine(Script().step)
    evaluator.attach(Accuracy(lambda out: (out.scores[:0], out.y[:0])), "accuracy")
    with pytest.raises(NotComputableError):
        dry_run(evaluator, batch())


def test_a_metric_that_is_given_other_shapes_is_found() -> None:
    trainer = Script().trainer
    Accuracy().attach(
        trainer, "accuracy", output_transform=lambda output: (output.scores[:2], output.y)
    )
    with pytest.raises(ArgumentError, match=r"Accuracy: .*got \[2, 3\] and \[5\]"):
        dry_run(trainer, batch())


def test_a_step_that_needs_numbers_says_so() -> None:
    def step(engine: Engine[Tensor, float], batch: Tensor) -> float:
        return batch.sum().item()

    with pytest.raises(TracingError, match=r"step must not look at numbers to be traced, it asked"):
        dry_run(Engine(step), lambda: torch.empty(2))


def test_a_device_that_is_not_there_is_traced_and_a_mixture_is_refused() -> None:
    def step(engine: Engine[Pair, Tensor], batch: Pair) -> Tensor:
        return batch.x + batch.y

    trainer = Engine(step)
    there = dry_run(
        trainer, lambda: Pair(torch.empty(3, device="cuda"), torch.empty(3, device="cuda"))
    )
    assert there.output.device.type == "cuda"
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        dry_run(trainer, lambda: Pair(torch.empty(3, device="cuda"), torch.empty(3)))


def test_a_batch_has_to_be_made_in_there() -> None:
    made = torch.empty(2)
    with pytest.raises(ArgumentTypeError, match="dry_run: make_batch must be callable"):
        dry_run(Engine(lambda engine, batch: batch), made)  # type: ignore[arg-type]


def empty_pair() -> TensorPair:
    return torch.empty(2, 2), torch.empty(2, 1)


def test_a_supervised_step_leaves_its_scaler_alone() -> None:
    scaler = torch.amp.grad_scaler.GradScaler("cpu")
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trainer = create_supervised_trainer(
        model, optimizer, nn.MSELoss(), amp_dtype="float16", scaler=scaler
    )
    before = scaler.state_dict()
    assert dry_run(trainer, empty_pair).output.shape == ()
    assert scaler.state_dict() == before
    trainer.run([(torch.ones(2, 2), torch.ones(2, 1))])


@pytest.mark.parametrize("when", ["iteration", "epoch"])
def test_a_supervised_step_leaves_its_schedules_alone(when: ScheduleTime) -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    trainer = create_supervised_trainer(
        model, optimizer, nn.MSELoss(), schedules=[Schedule(scheduler=scheduler, when=when)]
    )
    dry_run(trainer, empty_pair)
    assert (optimizer.param_groups[0]["lr"], scheduler.last_epoch) == (0.1, 0)
    trainer.run([(torch.ones(2, 2), torch.ones(2, 1))])
    assert optimizer.param_groups[0]["lr"] == 0.05


def test_what_is_handed_over_is_put_back() -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)

    def step(engine: Engine[Tensor, Tensor], batch: Tensor) -> Tensor:
        optimizer.step()
        scheduler.step()
        return batch

    dry_run(Engine(step), lambda: torch.empty(1), restore=[scheduler])
    assert scheduler.last_epoch == 0


def test_what_has_no_state_cannot_be_put_back() -> None:
    with pytest.raises(ArgumentTypeError, match=r"dry_run: restore\[0\] must be something with"):
        dry_run(Script().trainer, batch(), restore=[untyped(3)])
