"""TorchProfiler: which iterations are recorded, and what is written, whatever the run's end."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.profiler import ProfilerActivity

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import Events
from firesteel.handlers import TorchProfiler
from firesteel.handlers._torch_profiler import action_at

CPU = [ProfilerActivity.CPU]


def step(_engine: Engine[Tensor, Tensor], batch: Tensor) -> Tensor:
    return batch.sinh()  # an operation that nothing else here does


DATA = [torch.ones(2)] * 12


@given(
    wait=st.integers(0, 3),
    warmup=st.integers(0, 3),
    active=st.integers(1, 3),
)
@pytest.mark.filterwarnings("ignore:.*warmup")
def test_the_schedule_is_that_of_torch(wait: int, warmup: int, active: int) -> None:
    for number in range(20):
        ours = action_at(number, wait=wait, warmup=warmup, active=active)
        assert ours is torch.profiler.schedule(wait=wait, warmup=warmup, active=active, repeat=1)(
            number
        )


def profiled(folder: Path, **options: Any) -> tuple[Engine[Tensor, Tensor], TorchProfiler]:
    defaults: dict[str, Any] = {"wait": 1, "warmup": 1, "active": 3, "activities": CPU}
    engine, profiler = Engine(step), TorchProfiler(folder, **(defaults | options))
    profiler.attach(engine)
    return engine, profiler


def num_recorded(path: Path) -> int:
    """Count how often the operation of an iteration stands in a trace."""
    trace = json.loads(path.read_text("utf-8"))
    return sum(event.get("name") == "aten::sinh" for event in trace["traceEvents"])


@pytest.mark.parametrize("warmup", [1, 2])
def test_each_cycle_writes_a_trace_of_its_iterations(warmup: int, tmp_path: Path) -> None:
    engine, profiler = profiled(tmp_path / "made", repeat=2, warmup=warmup)
    engine.run(DATA)
    assert [path.name for path in profiler.files] == ["trace-00000-1.json", "trace-00000-2.json"]
    assert [num_recorded(path) for path in profiler.files] == [3, 3]
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        path.name for path in profiler.files
    ]


def test_without_waiting_too_there_are_as_many_as_were_asked_for(tmp_path: Path) -> None:
    engine, profiler = profiled(tmp_path, wait=0, warmup=1, active=2)
    engine.run(DATA)
    assert [num_recorded(path) for path in profiler.files] == [2]


def test_a_table_is_text(tmp_path: Path) -> None:
    engine, profiler = profiled(tmp_path, report="both")
    engine.run(DATA)
    trace, table = profiler.files
    assert trace.suffix == ".json"
    assert "aten::sinh" in table.read_text("utf-8")


def fail() -> None:
    raise ArithmeticError


@pytest.mark.parametrize("event", [Events.ITERATION_STARTED, Events.ITERATION_COMPLETED])
def test_a_run_that_fails_gives_what_was_recorded(event: Events, tmp_path: Path) -> None:
    engine, profiler = profiled(tmp_path, active=9)
    engine.add_event_handler(event(once=6), fail)
    with pytest.raises(ArithmeticError):
        engine.run(DATA)
    [path] = profiler.files
    assert num_recorded(path) in {3, 4}


@pytest.mark.parametrize("stop", ["terminate", "interrupt"])
def test_one_that_is_stopped_too_and_torch_is_free_again(stop: str, tmp_path: Path) -> None:
    engine, profiler = profiled(tmp_path, active=9)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=5),
        engine.terminate if stop == "terminate" else engine.interrupt,
    )
    engine.run(DATA)
    assert len(profiler.files) == 1
    with torch.profiler.profile(activities=CPU):
        step(engine, DATA[0])


def test_a_run_that_goes_on_is_profiled_where_cycles_are_left(tmp_path: Path) -> None:
    engine, profiler = profiled(tmp_path, repeat=2)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), engine.interrupt)
    engine.run(DATA)
    assert len(profiler.files) == 0
    engine.run([])
    assert [num_recorded(path) for path in profiler.files] == [3, 3]


def test_later_runs_do_the_cycles_that_are_left_and_no_more(tmp_path: Path) -> None:
    engine, profiler = profiled(tmp_path, repeat=2)
    for _ in range(3):
        engine.run(DATA[:6])
    assert [num_recorded(path) for path in profiler.files] == [3, 3]


def test_where_nothing_can_be_written_the_error_leaves_and_torch_is_free_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "taken").touch()
    engine, profiler = profiled(tmp_path / "taken")
    with pytest.raises(FileExistsError):
        engine.run(DATA)
    assert profiler.files == ()
    with torch.profiler.profile(activities=CPU):
        step(engine, DATA[0])


def test_removed_it_records_nothing(tmp_path: Path) -> None:
    engine, profiler = Engine(step), TorchProfiler(tmp_path, activities=CPU)
    profiler.attach(engine).remove()
    engine.run(DATA)
    assert profiler.files == ()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"wait": -1}, "wait must be at least 0"),
        ({"warmup": -1}, "warmup must be at least 0"),
        ({"active": 0}, "active must be at least 1"),
        ({"repeat": 0}, "repeat must be at least 1"),
        ({"row_limit": 0}, "row_limit must be at least 1"),
        ({"report": "html"}, "report must be one of"),
    ],
)
def test_what_makes_no_sense_is_refused(
    options: dict[str, Any], match: str, tmp_path: Path
) -> None:
    with pytest.raises(ArgumentError, match=f"TorchProfiler: {match}"):
        TorchProfiler(tmp_path, **options)


def test_a_folder_is_a_path() -> None:
    folder: Any = 3
    with pytest.raises(ArgumentTypeError, match="TorchProfiler: folder must be a path, got 3"):
        TorchProfiler(folder)
