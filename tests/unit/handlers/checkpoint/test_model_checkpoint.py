"""ModelCheckpoint: a folder, with what is saved given beside the event."""

import math
from pathlib import Path
from typing import Any

import pytest
from tests.unit.handlers.checkpoint.savers import Counter, give

from firesteel import Average, Engine, Events
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.handlers import ModelCheckpoint, load_objects


def test_the_objects_come_with_the_handler(tmp_path: Path) -> None:
    trainer, handler = Engine(give), ModelCheckpoint(tmp_path / "new", "my", n_saved=2)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, handler, {"counter": Counter(4)})
    trainer.run([1.0] * 3)
    assert handler.last_checkpoint == tmp_path / "new" / "my_counter_3.pt"
    assert len(list((tmp_path / "new").glob("*.pt"))) == 2
    other = Counter()
    load_objects({"counter": other}, str(handler.last_checkpoint))
    assert other.value == 4


def test_the_best_is_kept(tmp_path: Path) -> None:
    trainer = Engine(give)
    mean = trainer.attach(Average(), "mean")
    handler = ModelCheckpoint(tmp_path, score_function=mean, score_name="mean", n_saved=2)
    handler.attach(trainer, Events.EPOCH_COMPLETED, to_save={"counter": Counter()})
    for value in (0.25, 0.75, math.nan, 0.5):
        trainer.run([value])
    assert handler.best_checkpoint == tmp_path / "counter_mean=0.7500.pt"
    assert handler.last_checkpoint == tmp_path / "counter_mean=0.5000.pt"


def test_an_exception_is_saved_on(tmp_path: Path) -> None:
    trainer = Engine(give)
    by_hand, attached = ModelCheckpoint(tmp_path, "a"), ModelCheckpoint(tmp_path, "b")
    attached.attach(trainer, Events.EXCEPTION_RAISED, to_save={"counter": Counter()})
    trainer.add_event_handler(
        Events.EXCEPTION_RAISED,
        lambda engine, error: by_hand(engine, {"counter": Counter()}, error),
    )
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trainer.run([1.0])
    assert sorted(path.name for path in tmp_path.glob("*.pt")) == [
        "a_counter_1.pt",
        "b_counter_1.pt",
    ]


def test_it_can_be_attached_by_the_engine(tmp_path: Path) -> None:
    trainer, handler = Engine(give), ModelCheckpoint(tmp_path)
    handle = trainer.attach(handler, Events.COMPLETED, {"counter": Counter()})
    trainer.run([1.0])
    assert handler.last_checkpoint == tmp_path / "counter_1.pt"
    handle.remove()
    trainer.run([1.0] * 2)
    assert handler.last_checkpoint == tmp_path / "counter_1.pt"


def test_before_anything_was_given_there_is_none(tmp_path: Path) -> None:
    handler = ModelCheckpoint(tmp_path)
    assert handler.last_checkpoint is None
    assert handler.best_checkpoint is None


def test_it_goes_on_with_what_is_there_unless_the_folder_has_to_be_empty(tmp_path: Path) -> None:
    for _ in range(2):
        trainer, handler = Engine(give), ModelCheckpoint(tmp_path)
        handler.attach(trainer, Events.ITERATION_COMPLETED, to_save={"counter": Counter()})
        trainer.run([1.0] * 2)
    assert [path.name for path in tmp_path.glob("*.pt")] == ["counter_2.pt"]
    with pytest.raises(ArgumentError, match="must have no checkpoints"):
        ModelCheckpoint(tmp_path, require_empty=True)
    with pytest.raises(ArgumentError, match="must be a folder"):
        ModelCheckpoint(tmp_path / "new", create_dir=False)


def test_nothing_is_refused(tmp_path: Path) -> None:
    trainer, handler = Engine(give), ModelCheckpoint(tmp_path)
    with pytest.raises(ArgumentError, match="to_save must hold something"):
        handler.attach(trainer, Events.COMPLETED, to_save={})


def test_what_has_no_state_is_refused(tmp_path: Path) -> None:
    trainer = Engine(give)
    wrong: Any = {"counter": 3}
    trainer.add_event_handler(Events.COMPLETED, ModelCheckpoint(tmp_path), wrong)
    with pytest.raises(ArgumentTypeError, match=r"ModelCheckpoint: to_save\['counter'\] must be"):
        trainer.run([1.0])


def test_one_handler_saves_one_thing(tmp_path: Path) -> None:
    trainer, handler = Engine(give), ModelCheckpoint(tmp_path)
    handler.attach(trainer, Events.COMPLETED, to_save={"a": Counter()})
    with pytest.raises(ArgumentError, match="saves 'a' already, got 'b'"):
        handler.attach(trainer, Events.COMPLETED, to_save={"b": Counter()})
