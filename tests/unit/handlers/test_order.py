"""Where handlers stand among those of an event, whoever was attached first."""

import pytest
import torch
from typing_extensions import TypeIs

from firesteel.engine import Engine
from firesteel.events import EventLike, Events, EventsList
from firesteel.handlers import (
    Checkpoint,
    EarlyStopping,
    EMAHandler,
    MemorySaver,
    TerminateOnNan,
)
from firesteel.handlers._order import placed


def echo(engine: Engine[int, int], batch: int) -> int:
    return batch


def test_an_event_without_a_priority_is_given_one() -> None:
    assert placed(Events.STARTED, -50) == Events.STARTED(priority=-50)
    assert placed(Events.STARTED(every=2), -50) == Events.STARTED(every=2, priority=-50)
    assert placed(Events.EXCEPTION_RAISED, -50) == Events.EXCEPTION_RAISED(priority=-50)


def test_an_event_with_a_priority_keeps_it() -> None:
    assert placed(Events.STARTED(priority=3), -50) == Events.STARTED(priority=3)
    assert placed(Events.EXCEPTION_RAISED(priority=3), 9) == Events.EXCEPTION_RAISED(priority=3)


def test_each_of_several_events_is_placed() -> None:
    several = placed(Events.STARTED | Events.COMPLETED(priority=2), -50)
    assert isinstance(several, EventsList)
    assert list(several) == [Events.STARTED(priority=-50), Events.COMPLETED(priority=2)]


def saved_behind(event: EventLike) -> list[float]:
    """Give the weights that a checkpoint saves which was attached before what sets them."""
    model = torch.nn.Linear(1, 1, bias=False)
    trainer = Engine(echo)
    saver = MemorySaver()
    Checkpoint({"model": model}, saver).attach(trainer, event)

    @trainer.on(Events.EPOCH_COMPLETED)
    def change() -> None:
        torch.nn.init.constant_(model.weight, 7.0)

    torch.nn.init.constant_(model.weight, 0.0)
    trainer.run([1])
    model.load_state_dict(read(saver.load("model_1.pt")["model"]))
    return [float(one) for one in model.weight.detach().flatten()]


def is_state(value: object) -> TypeIs[dict[str, object]]:
    return isinstance(value, dict)


def read(state: object) -> dict[str, object]:
    assert is_state(state)
    return state


def test_a_checkpoint_sees_what_handlers_do_that_were_attached_behind_it() -> None:
    assert saved_behind(Events.EPOCH_COMPLETED) == [7.0]


def test_a_checkpoint_saves_where_its_event_says() -> None:
    assert saved_behind(Events.EPOCH_COMPLETED(priority=1)) == [0.0]


def test_a_checkpoint_sees_what_early_stopping_counted_at_the_same_event() -> None:
    trainer = Engine(echo)
    stopping = EarlyStopping(lambda engine: 1.0, patience=9, trainer=trainer)
    saver = MemorySaver()
    Checkpoint({"stopping": stopping}, saver).attach(trainer, Events.EPOCH_COMPLETED)
    stopping.attach(trainer)
    trainer.run([1], max_epochs=3)
    assert read(saver.load("stopping_3.pt")["stopping"])["counter"] == 2


def test_a_checkpoint_at_the_end_of_an_evaluation_has_the_weights_of_the_model_itself() -> None:
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(model.weight, 0.0)
    average = EMAHandler(model)
    torch.nn.init.constant_(model.weight, 7.0)
    seen: list[float] = []

    def look(engine: Engine[int, None], batch: int) -> None:
        seen.append(model.weight.item())

    evaluator = Engine(look)
    saver = MemorySaver()
    Checkpoint({"model": model}, saver).attach(evaluator, Events.COMPLETED)
    average.apply_during(evaluator)
    evaluator.run([1])
    assert seen == [0.0]
    assert read(saver.load("model_1.pt")["model"])["weight"] == torch.full((1, 1), 7.0)


@pytest.mark.parametrize("every", [1, 10], ids=["read at once", "read before saving"])
def test_what_is_not_finite_is_not_saved(every: int) -> None:
    def logarithm(engine: Engine[float, torch.Tensor], batch: float) -> torch.Tensor:
        return torch.tensor(batch).log()

    trainer = Engine(logarithm)
    checkpoint = Checkpoint({"engine": trainer}, MemorySaver())
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    trainer.attach(TerminateOnNan(every=every))
    trainer.run([1.0, 2.0, -1.0, 3.0])
    assert trainer.state.iteration == 3
    assert checkpoint.kept == ("engine_2.pt",)
    trainer.reset()
    trainer.run([1.0] * 5)
    assert checkpoint.kept == ("engine_5.pt",)
