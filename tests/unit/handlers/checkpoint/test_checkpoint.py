"""Checkpoint: when it saves, what it keeps, and that nothing is lost where saving fails."""

import logging
import math
import resource
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import torch
from tests.unit.handlers.checkpoint.savers import Counter, Noting, give

from firesteel import Average, Engine, Events
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    CheckpointWriteError,
    MissingCheckpointError,
    StateDictError,
    UnknownEventError,
)
from firesteel.handlers import (
    Checkpoint,
    CheckpointMetadata,
    DiskSaver,
    MemorySaver,
    SavedCheckpoint,
    global_step_from_engine,
)


def of_output(engine: Engine[Any, float]) -> float:
    return engine.state.output


def ignore(checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata) -> None:
    """Save nothing."""


def trainer_with(
    saver: MemorySaver | Noting,
    *,
    n_saved: int | None = 1,
    score_function: Callable[[Engine[Any, float]], float] | None = None,
) -> tuple[Engine[float, float], Checkpoint[float]]:
    """Give a trainer that saves after each iteration."""
    trainer = Engine(give)
    saved = {"counter": Counter()}
    checkpoint: Checkpoint[float] = (
        Checkpoint(saved, saver, n_saved=n_saved)
        if score_function is None
        else Checkpoint(saved, saver, n_saved=n_saved, score_function=score_function)
    )
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    return trainer, checkpoint


# when and what


def test_the_latest_are_kept_and_the_order_is_that_of_the_saves() -> None:
    saver = MemorySaver()
    trainer, checkpoint = trainer_with(saver, n_saved=2)
    trainer.run([1.0] * 12)
    assert checkpoint.kept == ("counter_11.pt", "counter_12.pt")
    assert saver.filenames() == ["counter_11.pt", "counter_12.pt"]
    assert checkpoint.last_checkpoint == checkpoint.best_checkpoint == "counter_12.pt"


def test_all_are_kept_where_no_number_is_given() -> None:
    trainer, checkpoint = trainer_with(MemorySaver(), n_saved=None)
    trainer.run([1.0] * 5)
    assert len(checkpoint.kept) == 5


def test_the_best_are_kept() -> None:
    saver = MemorySaver()
    trainer, checkpoint = trainer_with(saver, n_saved=2, score_function=of_output)
    trainer.run([0.1, 0.5, 0.3, 0.2, 0.4])
    assert saver.filenames() == ["counter_0.4000.pt", "counter_0.5000.pt"]
    assert checkpoint.best_checkpoint == "counter_0.5000.pt"
    assert checkpoint.last_checkpoint == "counter_0.4000.pt"


def test_the_state_is_that_of_the_moment() -> None:
    counter, saver = Counter(), MemorySaver()
    trainer = Engine(give)

    @trainer.on(Events.ITERATION_COMPLETED)
    def count() -> None:
        counter.value += 1

    Checkpoint({"counter": counter}, saver, n_saved=None).attach(
        trainer, Events.ITERATION_COMPLETED
    )
    trainer.run([1.0, 1.0])
    assert saver.load("counter_1.pt") == {"counter": {"value": 1}}
    assert saver.load("counter_2.pt") == {"counter": {"value": 2}}


def test_a_single_object_is_saved_under_its_name() -> None:
    saver = MemorySaver()
    trainer, _ = trainer_with(saver)
    trainer.run([1.0])
    assert saver.load("counter_1.pt") == {"counter": {"value": 0}}


def test_several_objects_are_called_checkpoint() -> None:
    saver = MemorySaver()
    trainer = Engine(give)
    Checkpoint({"a": Counter(), "b": [Counter(1), Counter(2)]}, saver).attach(
        trainer, Events.COMPLETED
    )
    trainer.run([1.0])
    assert saver.load("checkpoint_1.pt") == {
        "a": {"value": 0},
        "b": [{"value": 1}, {"value": 2}],
    }


def test_nothing_to_save_is_saved_too() -> None:
    saver = MemorySaver()
    trainer = Engine(give)
    Checkpoint({}, saver).attach(trainer, Events.COMPLETED)
    trainer.run([1.0])
    assert saver.load("checkpoint_1.pt") == {}


def test_the_metadata_says_what_it_is() -> None:
    saver = MemorySaver()
    trainer = Engine(give)
    checkpoint = Checkpoint(
        {"counter": Counter()},
        saver,
        filename_prefix="best",
        score_function=of_output,
        score_name="out",
        global_step_transform=global_step_from_engine(trainer),
    )
    trainer.attach(checkpoint, Events.COMPLETED)
    trainer.run([0.25], max_epochs=3)
    assert saver.metadata("best_counter_3_out=0.2500.pt") == CheckpointMetadata(
        name="best_counter", global_step=3, score=0.25, score_name="out", priority=0.25
    )


def test_a_metric_is_a_score() -> None:
    trainer, saver = Engine(give), MemorySaver()
    mean = trainer.attach(Average(), "mean")
    checkpoint = Checkpoint({"counter": Counter()}, saver, score_function=mean, score_name="mean")
    checkpoint.attach(trainer, Events.EPOCH_COMPLETED)
    trainer.run([1.0, 2.0])
    assert checkpoint.kept == ("counter_mean=1.5000.pt",)


def test_a_sign_turns_a_metric_of_which_lower_is_better() -> None:
    trainer, saver = Engine(give), MemorySaver()
    mean = trainer.attach(Average(), "mean")
    lowest = Checkpoint.get_default_score_fn(mean, score_sign=-1)
    checkpoint = Checkpoint({"counter": Counter()}, saver, score_function=lowest)
    checkpoint.attach(trainer, Events.EPOCH_COMPLETED)
    trainer.run([2.0])
    trainer.run([3.0])
    trainer.run([1.0])
    assert checkpoint.kept == ("counter_-1.0000.pt",)


def test_a_score_may_be_a_tensor_of_one_element() -> None:
    def as_tensor(engine: Engine[Any, float]) -> Any:
        return torch.tensor(engine.state.output)

    trainer, checkpoint = trainer_with(MemorySaver(), score_function=as_tensor)
    trainer.run([0.5, 0.75])
    assert checkpoint.kept == ("counter_0.7500.pt",)


def test_a_score_that_is_no_number_is_refused() -> None:
    def as_text(engine: Engine[Any, float]) -> Any:
        return "0.5"

    trainer, _ = trainer_with(MemorySaver(), score_function=as_text)
    with pytest.raises(ArgumentTypeError, match="Checkpoint: the score must be a number"):
        trainer.run([0.5])


def test_nan_is_not_saved_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    trainer, checkpoint = trainer_with(MemorySaver(), n_saved=3, score_function=of_output)
    with caplog.at_level(logging.WARNING):
        trainer.run([0.5, math.nan, 0.25])
    assert checkpoint.kept == ("counter_0.5000.pt", "counter_0.2500.pt")
    assert [record.getMessage() for record in caplog.records] == [
        "Checkpoint: the score is NaN; nothing is saved"
    ]


def test_an_equal_score_is_saved_where_that_is_enough() -> None:
    saver = MemorySaver()
    trainer = Engine(give)
    step = global_step_from_engine(trainer, event=Events.ITERATION_COMPLETED)
    for or_equal in (False, True):
        Checkpoint(
            {"counter": Counter()},
            saver,
            filename_prefix=str(or_equal),
            score_function=of_output,
            greater_or_equal=or_equal,
            global_step_transform=step,
        ).attach(trainer, Events.ITERATION_COMPLETED)
    trainer.run([0.5, 0.5])
    assert saver.filenames() == ["False_counter_1_0.5000.pt", "True_counter_2_0.5000.pt"]


def test_a_file_of_the_same_name_is_replaced() -> None:
    saver = MemorySaver()
    trainer = Engine(give)
    counter = Counter()
    checkpoint = Checkpoint({"counter": counter}, saver, n_saved=3, filename_pattern="last.{ext}")
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    trainer.add_event_handler(
        Events.ITERATION_STARTED, lambda: counter.load_state_dict({"value": 5})
    )
    trainer.run([1.0] * 3)
    assert checkpoint.kept == ("last.pt",)
    assert saver.load("last.pt") == {"counter": {"value": 5}}


def test_the_best_of_one_name_stays_where_a_lower_score_comes() -> None:
    saver = MemorySaver()
    trainer = Engine(give)
    checkpoint = Checkpoint(
        {"counter": Counter()},
        saver,
        n_saved=2,
        score_function=of_output,
        filename_pattern="best.{ext}",
    )
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    trainer.run([0.5, 0.25])
    assert saver.metadata("best.pt").score == 0.5


def test_an_exception_can_be_saved_on() -> None:
    def fail(engine: Engine[float, float], batch: float) -> float:
        if batch < 0:
            raise ZeroDivisionError
        return batch

    trainer, saver = Engine(fail), MemorySaver()
    checkpoint = Checkpoint({"trainer": trainer}, saver)
    checkpoint.attach(trainer, Events.EXCEPTION_RAISED)
    with pytest.raises(ZeroDivisionError):
        trainer.run([1.0, 1.0, -1.0])
    assert checkpoint.kept == ("trainer_2.pt",)


def test_as_a_plain_handler_it_takes_all_events() -> None:
    trainer, saver = Engine(give), MemorySaver()
    checkpoint = Checkpoint({"counter": Counter()}, saver, n_saved=None)
    trainer.add_event_handler(Events.ITERATION_COMPLETED(every=2), checkpoint)
    trainer.add_event_handler(Events.EXCEPTION_RAISED, checkpoint)
    trainer.add_event_handler(Events.COMPLETED, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trainer.run([1.0] * 5)
    assert checkpoint.kept == ("counter_2.pt", "counter_4.pt", "counter_5.pt")


def test_a_handle_takes_it_off() -> None:
    trainer, saver = Engine(give), MemorySaver()
    handle = Checkpoint({"counter": Counter()}, saver).attach(trainer, Events.COMPLETED)
    handle.remove()
    trainer.run([1.0])
    assert saver.filenames() == []


# the event


def test_the_event_can_be_listened_to_before_the_first_save() -> None:
    trainer, saver = Engine(give), MemorySaver()
    checkpoint = Checkpoint({"counter": Counter()}, saver)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED(every=2))
    heard: list[SavedCheckpoint] = []
    trainer.add_event_handler(Checkpoint.SAVED_CHECKPOINT, heard.append)
    trainer.run([1.0] * 4)
    assert [one.filename for one in heard] == ["counter_2.pt", "counter_4.pt"]
    assert heard[0].saver is saver
    assert heard[0].metadata.global_step == 2


def test_the_event_is_not_fired_where_nothing_was_saved() -> None:
    trainer, _ = trainer_with(MemorySaver(), score_function=of_output)
    heard: list[SavedCheckpoint] = []
    trainer.add_event_handler(Checkpoint.SAVED_CHECKPOINT, heard.append)
    trainer.run([0.5, 0.25, 0.75])
    assert [one.metadata.score for one in heard] == [0.5, 0.75]


def test_while_the_event_is_fired_the_file_is_there_and_the_old_one_is_not() -> None:
    saver = MemorySaver()
    trainer, checkpoint = trainer_with(saver)
    seen: list[list[str]] = []

    @trainer.on(Checkpoint.SAVED_CHECKPOINT)
    def look(saved: SavedCheckpoint) -> None:
        assert checkpoint.last_checkpoint == saved.filename
        seen.append(list(saver.filenames()))

    trainer.run([1.0, 1.0])
    assert seen == [["counter_1.pt"], ["counter_2.pt"]]


def test_an_engine_without_a_checkpoint_does_not_know_the_event() -> None:
    with pytest.raises(UnknownEventError):
        Engine(give).add_event_handler(Checkpoint.SAVED_CHECKPOINT, print)


# faults


def test_the_new_one_is_in_place_before_the_old_one_goes() -> None:
    saver = Noting()
    trainer, _ = trainer_with(saver)
    trainer.run([1.0, 1.0])
    assert saver.calls == ["save counter_1.pt", "save counter_2.pt", "remove counter_1.pt"]


def test_where_saving_fails_nothing_is_lost_and_the_next_save_works() -> None:
    saver = Noting()
    trainer, checkpoint = trainer_with(saver)
    saver.fails_to_save = {"counter_2.pt"}
    with pytest.raises(OSError, match="No space left"):
        trainer.run([1.0] * 4)
    assert saver.filenames() == ["counter_1.pt"]
    assert checkpoint.last_checkpoint == "counter_1.pt"
    saver.fails_to_save = set()
    trainer.run([1.0] * 4)
    assert saver.filenames() == ["counter_4.pt"]


def test_where_removing_fails_it_is_tried_again_with_the_next_save() -> None:
    saver = Noting()
    trainer, checkpoint = trainer_with(saver)
    saver.fails_to_remove = {"counter_1.pt"}
    with pytest.raises(PermissionError):
        trainer.run([1.0] * 3)
    assert checkpoint.kept == ("counter_1.pt", "counter_2.pt")
    saver.fails_to_remove = set()
    trainer.run([1.0] * 3)
    assert saver.filenames() == ["counter_3.pt"]


def test_a_failing_save_fires_no_event() -> None:
    saver = Noting()
    trainer, _ = trainer_with(saver)
    saver.fails_to_save = {"counter_1.pt"}
    heard: list[SavedCheckpoint] = []
    trainer.add_event_handler(Checkpoint.SAVED_CHECKPOINT, heard.append)
    with pytest.raises(OSError, match="No space left"):
        trainer.run([1.0])
    assert heard == []


def test_a_function_is_called_once_whatever_it_raises() -> None:
    calls: list[str] = []

    def save(checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata) -> None:
        calls.append(filename)
        raise TypeError("of its own")

    trainer = Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, save)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    with pytest.raises(TypeError, match="of its own"):
        trainer.run([1.0, 1.0])
    assert calls == ["counter_1.pt"]
    assert checkpoint.last_checkpoint is None


def test_a_function_that_saves_is_kept_account_of() -> None:
    saved: dict[str, object] = {}

    def save(checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata) -> None:
        saved[filename] = dict(checkpoint)

    trainer = Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, save, score_function=of_output)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    trainer.run([0.5, 0.25, 0.75])
    assert list(saved) == ["counter_0.5000.pt", "counter_0.7500.pt"]
    assert checkpoint.kept == ("counter_0.7500.pt",)


# after a restart


def test_a_new_one_goes_on_with_what_is_there() -> None:
    saver = MemorySaver()
    trainer, _ = trainer_with(saver, n_saved=2)
    trainer.run([1.0] * 3)
    another, checkpoint = trainer_with(saver, n_saved=2)
    assert checkpoint.kept == ("counter_2.pt", "counter_3.pt")
    another.load_state_dict(trainer.state_dict())
    another.run([1.0] * 3, max_epochs=2)
    assert saver.filenames() == ["counter_5.pt", "counter_6.pt"]


def test_lower_steps_than_before_are_saved_all_the_same() -> None:
    saver = MemorySaver()
    trainer, _ = trainer_with(saver, n_saved=2)
    trainer.run([1.0] * 9)
    another, checkpoint = trainer_with(saver, n_saved=2)
    another.run([1.0] * 2)
    assert checkpoint.kept == ("counter_1.pt", "counter_2.pt")
    assert saver.filenames() == ["counter_1.pt", "counter_2.pt"]


def test_the_best_of_before_stays() -> None:
    saver = MemorySaver()
    trainer, _ = trainer_with(saver, n_saved=2, score_function=of_output)
    trainer.run([0.5, 0.25])
    another, checkpoint = trainer_with(saver, n_saved=2, score_function=of_output)
    another.run([0.125, 0.375])
    assert saver.filenames() == ["counter_0.3750.pt", "counter_0.5000.pt"]
    assert checkpoint.best_checkpoint == "counter_0.5000.pt"


def test_what_a_kill_left_over_is_removed() -> None:
    saver = MemorySaver()
    trainer, _ = trainer_with(saver, n_saved=2)
    trainer.run([1.0] * 2)
    # killed between the save and the removal
    metadata = CheckpointMetadata(name="counter", global_step=3, priority=3.0)
    saver.save({"counter": {"value": 0}}, "counter_3.pt", metadata)
    another, checkpoint = trainer_with(saver, n_saved=2, score_function=None)
    another.run([1.0])
    assert checkpoint.kept == ("counter_3.pt", "counter_1.pt")


def test_what_a_kill_left_over_is_removed_though_nothing_is_saved() -> None:
    saver = MemorySaver()
    trainer, _ = trainer_with(saver, n_saved=None, score_function=of_output)
    trainer.run([0.5, 0.25, 0.75])
    another, _ = trainer_with(saver, n_saved=2, score_function=of_output)
    another.run([0.125])
    assert saver.filenames() == ["counter_0.5000.pt", "counter_0.7500.pt"]


@pytest.mark.parametrize(
    "metadata",
    [
        CheckpointMetadata(name="other", global_step=1, priority=1.0),
        CheckpointMetadata(name="run_counter", global_step=1, priority=1.0),
        CheckpointMetadata(name="counter", global_step=1, score=1.0, priority=1.0),
        CheckpointMetadata(name="counter", score=1.0, score_name="acc", priority=1.0),
    ],
)
def test_what_is_saved_under_another_name_is_left_alone(metadata: CheckpointMetadata) -> None:
    saver = MemorySaver()
    saver.save({}, "not_ours.pt", metadata)
    trainer, checkpoint = trainer_with(saver)
    trainer.run([1.0, 1.0])
    assert checkpoint.kept == ("counter_2.pt",)
    assert saver.filenames() == ["counter_2.pt", "not_ours.pt"]


def test_another_score_is_left_alone() -> None:
    saver = MemorySaver()
    metadata = CheckpointMetadata(name="counter", score=1.0, score_name="acc", priority=1.0)
    saver.save({}, "not_ours.pt", metadata)
    trainer, checkpoint = trainer_with(saver, score_function=of_output)
    trainer.run([0.5])
    assert checkpoint.kept == ("counter_0.5000.pt",)


def test_a_reset_forgets_and_removes_nothing() -> None:
    saver = MemorySaver()
    trainer, checkpoint = trainer_with(saver, n_saved=2)
    trainer.run([1.0] * 2, max_epochs=1)
    checkpoint.reset()
    assert not checkpoint.kept
    trainer.run([1.0] * 2, max_epochs=3)
    assert checkpoint.kept == ("counter_5.pt", "counter_6.pt")
    assert saver.filenames() == ["counter_1.pt", "counter_2.pt", "counter_5.pt", "counter_6.pt"]


def test_after_a_reset_a_failing_save_does_not_bring_the_forgotten_back() -> None:
    saver = Noting()
    trainer, checkpoint = trainer_with(saver)
    trainer.run([1.0] * 2, max_epochs=1)
    checkpoint.reset()
    saver.fails_to_save = {"counter_4.pt"}
    with pytest.raises(OSError, match="No space left"):
        trainer.run([1.0] * 2, max_epochs=2)
    assert checkpoint.kept == ("counter_3.pt",)
    assert saver.filenames() == ["counter_2.pt", "counter_3.pt"]


# its own state


def test_its_own_state_is_saved_beside_a_single_object() -> None:
    saver = MemorySaver()
    trainer = Engine(give)
    model = torch.nn.Linear(1, 1)
    Checkpoint({"model": model}, saver, n_saved=2, include_self=True).attach(
        trainer, Events.ITERATION_COMPLETED
    )
    trainer.run([1.0] * 3)
    loaded = saver.load("model_3.pt")
    assert loaded["checkpointer"] == {
        "saved": [[2.0, "model_2.pt"], [3.0, "model_3.pt"]],
        "num_saves": 3,
    }
    Checkpoint.load_objects({"model": torch.nn.Linear(1, 1)}, loaded)


def test_a_state_can_be_loaded_where_nobody_can_be_asked() -> None:
    def save(checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata) -> None:
        pass

    trainer = Engine(give)
    first = Checkpoint({"counter": Counter()}, save, n_saved=2)
    first.attach(trainer, Events.ITERATION_COMPLETED)
    trainer.run([1.0] * 3)
    second = Checkpoint({"counter": Counter()}, save, n_saved=2)
    second.load_state_dict(first.state_dict())
    assert second.kept == first.kept == ("counter_2.pt", "counter_3.pt")


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"saved": []},
        {"_saved": []},
        {"saved": [], "num_saves": 0, "more": 1},
        {"saved": 3, "num_saves": 0},
        {"saved": "ab", "num_saves": 0},
        {"saved": [1.0], "num_saves": 0},
        {"saved": [["a", 1.0]], "num_saves": 0},
        {"saved": [[1.0, "a", 2]], "num_saves": 0},
        {"saved": [[math.nan, "a"]], "num_saves": 0},
        {"saved": [], "num_saves": -1},
        {"saved": [], "num_saves": 1.5},
        {"saved": [], "num_saves": True},
    ],
)
def test_a_state_that_is_none_is_refused_and_changes_nothing(state: dict[str, object]) -> None:
    trainer, checkpoint = trainer_with(MemorySaver())
    trainer.run([1.0])
    before = checkpoint.state_dict()
    with pytest.raises(StateDictError, match=r"Checkpoint\.load_state_dict: "):
        checkpoint.load_state_dict(state)
    assert checkpoint.state_dict() == before


def test_its_state_is_loaded_by_torchs_safe_loader(tmp_path: Any) -> None:
    trainer, checkpoint = trainer_with(MemorySaver())
    trainer.run([1.0])
    torch.save(checkpoint.state_dict(), tmp_path / "a.pt")
    assert torch.load(tmp_path / "a.pt", weights_only=True) == checkpoint.state_dict()


# going back


def test_what_is_kept_can_be_reloaded() -> None:
    saver, counter = MemorySaver(), Counter()
    trainer = Engine(give)
    trainer.add_event_handler(
        Events.ITERATION_STARTED, lambda: counter.load_state_dict({"value": counter.value + 1})
    )
    checkpoint = Checkpoint({"counter": counter}, saver, n_saved=3)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    trainer.run([1.0] * 5)
    other = Counter()
    checkpoint.reload_objects({"counter": other})
    assert other.value == 5
    checkpoint.reload_objects({"counter": other}, global_step=4)
    assert other.value == 4
    with pytest.raises(MissingCheckpointError, match="one must be kept of step 1, got"):
        checkpoint.reload_objects({"counter": other}, global_step=1)


def test_the_best_is_reloaded() -> None:
    saver, counter = MemorySaver(), Counter()
    trainer = Engine(give)
    trainer.add_event_handler(
        Events.ITERATION_STARTED, lambda: counter.load_state_dict({"value": counter.value + 1})
    )
    checkpoint = Checkpoint({"counter": counter}, saver, n_saved=2, score_function=of_output)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    trainer.run([0.25, 0.75, 0.5])
    checkpoint.reload_objects({"counter": counter})
    assert counter.value == 2


def test_nothing_can_be_reloaded_from_a_function() -> None:
    checkpoint = Checkpoint({"counter": Counter()}, ignore)
    with pytest.raises(ArgumentTypeError, match="must be a folder or a saver"):
        checkpoint.reload_objects({"counter": Counter()})


def test_nothing_can_be_reloaded_where_nothing_is_kept() -> None:
    checkpoint = Checkpoint({"counter": Counter()}, MemorySaver())
    with pytest.raises(MissingCheckpointError, match="one must be kept, got none"):
        checkpoint.reload_objects({"counter": Counter()})


# folders


def test_a_folder_will_do_and_paths_are_given(tmp_path: Any) -> None:
    trainer = Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, tmp_path / "new")
    checkpoint.attach(trainer, Events.COMPLETED)
    trainer.run([1.0])
    assert checkpoint.last_checkpoint == tmp_path / "new" / "counter_1.pt"
    other = Counter(3)
    path = checkpoint.last_checkpoint
    assert path is not None
    Checkpoint.load_objects({"counter": other}, path)
    assert other.value == 0


def test_two_that_save_the_same_into_one_place_are_refused(tmp_path: Any) -> None:
    trainer = Engine(give)
    Checkpoint({"model": Counter()}, tmp_path).attach(trainer, Events.EPOCH_COMPLETED)
    other = Checkpoint({"model": Counter()}, DiskSaver(tmp_path))
    with pytest.raises(ArgumentError, match="saves 'model' into the same place"):
        other.attach(trainer, Events.COMPLETED)
    trainer.add_event_handler(Events.COMPLETED, other)
    with pytest.raises(ArgumentError, match="saves 'model' into the same place"):
        trainer.run([1.0])


def test_two_that_save_under_other_names_share_a_place(tmp_path: Any) -> None:
    trainer = Engine(give)
    saver = DiskSaver(tmp_path)
    mean = trainer.attach(Average(), "mean")
    model = {"model": Counter()}
    Checkpoint(model, saver).attach(trainer, Events.EPOCH_COMPLETED)
    Checkpoint(model, saver, filename_prefix="x").attach(trainer, Events.EPOCH_COMPLETED)
    Checkpoint(model, saver, score_function=mean, score_name="mean").attach(
        trainer, Events.EPOCH_COMPLETED
    )
    trainer.run([1.0], max_epochs=2)
    assert saver.filenames() == ["model_2.pt", "model_mean=1.0000.pt", "x_model_2.pt"]


def test_one_may_be_attached_twice() -> None:
    trainer, checkpoint = trainer_with(MemorySaver())
    checkpoint.attach(trainer, Events.COMPLETED)
    trainer.run([1.0])
    assert checkpoint.kept == ("counter_1.pt",)


# rehearsals


def test_in_a_rehearsal_it_writes_and_leaves_all_as_it_was() -> None:
    saver = Noting()
    trainer, checkpoint = trainer_with(saver)
    trainer.run([1.0])
    kept = checkpoint.state_dict()
    saver.calls.clear()
    with trainer.rehearsal():
        trainer.run([1.0] * 5)
    assert saver.calls == ["save rehearsal_counter.pt", "remove rehearsal_counter.pt"]
    assert saver.filenames() == ["counter_1.pt"]
    assert checkpoint.state_dict() == kept


def test_a_rehearsal_shows_that_saving_fails() -> None:
    saver = Noting()
    trainer, _ = trainer_with(saver)
    saver.fails_to_save = {"rehearsal_counter.pt"}
    with trainer.rehearsal(), pytest.raises(OSError, match="No space left"):
        trainer.run([1.0])


# arguments

NOTHING: Final = MemorySaver()


@pytest.mark.parametrize(
    ("to_save", "message"),
    [
        ([Counter()], "to_save must be a mapping"),
        ({"a": 3}, r"to_save\['a'\] must be something with"),
        ({"a": [3]}, r"to_save\['a'\]\[0\] must be"),
        ({"a": {"b": 3}}, r"to_save\['a'\]\['b'\] must be"),
        ({3: Counter()}, "each name in to_save must be"),
    ],
)
def test_what_has_no_state_is_refused(to_save: Any, message: str) -> None:
    with pytest.raises(ArgumentTypeError, match=message):
        Checkpoint(to_save, NOTHING)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"save_handler": 3}, "save_handler must be callable"),
        ({"save_handler": NOTHING, "n_saved": 1.5}, "n_saved must be a whole"),
        ({"save_handler": NOTHING, "filename_prefix": 3}, "filename_prefix must be"),
        ({"save_handler": NOTHING, "score_function": 3}, "score_function must be call"),
        ({"save_handler": NOTHING, "global_step_transform": 3}, "global_step_transform"),
    ],
)
def test_an_argument_of_another_kind_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentTypeError, match=message):
        Checkpoint({}, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_saved": 0}, "n_saved must be at least 1, got 0"),
        ({"save_on_rank": -1}, "save_on_rank must be at least"),
        ({"score_name": "a"}, "score_function is missing"),
        ({"include_self": True}, "must not have 'checkpointer'"),
        ({"filename_pattern": "{epoch}"}, "may have filename_prefix"),
    ],
)
def test_an_argument_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Checkpoint({"checkpointer": Counter()}, NOTHING, **options)


def test_a_default_score_is_read_by_a_key() -> None:
    name: Any = "acc"
    with pytest.raises(ArgumentTypeError, match="key must be the key of a metric"):
        Checkpoint.get_default_score_fn(name)


def test_a_sign_is_one_or_minus_one() -> None:
    mean = Engine(give).attach(Average(), "mean")
    with pytest.raises(ArgumentError, match="score_sign must be 1 or -1, got 2"):
        Checkpoint.get_default_score_fn(mean, score_sign=2)


def test_a_rank_that_is_not_there_is_refused_at_the_first_save() -> None:
    trainer = Engine(give)
    Checkpoint({}, MemorySaver(), save_on_rank=3).attach(trainer, Events.COMPLETED)
    with pytest.raises(ArgumentError, match="save_on_rank must be below the number of ranks, 1"):
        trainer.run([1.0])


def test_a_step_that_is_no_whole_number_is_refused() -> None:
    trainer = Engine(give)

    def half(engine: Engine[Any, Any]) -> Any:
        return 0.5

    Checkpoint({}, MemorySaver(), global_step_transform=half).attach(trainer, Events.COMPLETED)
    with pytest.raises(ArgumentTypeError, match="the global step must be a whole number"):
        trainer.run([1.0])


# a disk that is full


def test_on_a_full_disk_the_old_file_stays_and_the_next_save_works(tmp_path: Path) -> None:
    weight = torch.nn.Linear(1, 1)
    big = torch.nn.Linear(1000, 100)
    trainer = Engine(give)
    checkpoint = Checkpoint({"model": torch.nn.ModuleList([weight, big])}, tmp_path)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    trainer.run([1.0], max_epochs=1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(CheckpointWriteError, match=r"model_2\.pt"):
            trainer.run([1.0], max_epochs=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".pt"] == ["model_1.pt"]
    assert checkpoint.last_checkpoint == tmp_path / "model_1.pt"
    trainer.run([1.0], max_epochs=3)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".pt"] == ["model_3.pt"]


def test_a_folder_that_vanished_is_an_error_and_a_new_one_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    trainer = Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, DiskSaver(folder, exclusive=False))
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    trainer.run([1.0], max_epochs=1)
    shutil.rmtree(folder)
    with pytest.raises(CheckpointWriteError):
        trainer.run([1.0], max_epochs=2)
    assert not checkpoint.kept
    folder.mkdir()
    trainer.run([1.0], max_epochs=3)
    assert checkpoint.kept == ("counter_3.pt",)


def test_a_saver_of_another_rank_is_refused_as_nothing_would_be_saved(tmp_path: Path) -> None:
    saver = DiskSaver(tmp_path, save_on_rank=1, exclusive=False)
    with pytest.raises(ArgumentError, match="save_on_rank must be 1, as of its DiskSaver, got 0"):
        Checkpoint({"counter": Counter()}, saver)
    Checkpoint({"counter": Counter()}, saver, save_on_rank=1)
