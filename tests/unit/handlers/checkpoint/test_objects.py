"""States are put back into all objects, or into none."""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path

# Any: a state_dict is what its object makes of it
from typing import Any, TypeAlias, final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from firesteel import Engine
from firesteel.errors import (
    ArgumentTypeError,
    CheckpointMismatchError,
    CorruptCheckpointError,
    ForeignCheckpointError,
    StateDictError,
)
from firesteel.handlers import (
    Migrations,
    StatefulTree,
    collect_states,
    load_objects,
    save_checkpoint,
)
from firesteel.testing import RankPool


@final
class Counter:
    """Counts, and refuses what it is told to refuse."""

    def __init__(self, count: int = 0) -> None:
        self.count = count
        self.num_loads = 0

    def state_dict(self) -> dict[str, Any]:
        return {"count": self.count}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        self.num_loads += 1
        self.count = state_dict["count"]  # changed first, and then refused
        if self.count < 0:
            raise ValueError(f"below zero: {self.count}")


def trained(model: nn.Module) -> torch.optim.Optimizer:
    """Take a step, so that the optimizer has a state."""
    optimizer = torch.optim.Adam(model.parameters())
    torch.stack([parameter.sum() for parameter in model.parameters()]).sum().backward()
    optimizer.step()
    return optimizer


def compiled(model: nn.Module) -> nn.Module:
    """Compile a model, which is put into another for that."""
    wrapped: object = torch.compile(model, backend="eager")
    assert isinstance(wrapped, nn.Module)
    assert wrapped is not model
    return wrapped


def replicated(model: nn.Module) -> nn.Module:
    """Put a model into one that runs it on several devices."""
    return nn.DataParallel(model)


def plain(model: nn.Module) -> nn.Module:
    """Leave a model as it is."""
    return model


Wrap: TypeAlias = Callable[[nn.Module], nn.Module]


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


def same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return str(one) == str(other)


class TestCollecting:
    def test_the_arrangement_is_kept(self) -> None:
        one, two, three = Counter(1), Counter(2), Counter(3)
        assert collect_states({"a": one, "b": [two, (three,)], "c": {"d": one}}) == {
            "a": {"count": 1},
            "b": [{"count": 2}, [{"count": 3}]],
            "c": {"d": {"count": 1}},
        }

    @pytest.mark.parametrize("wrap", [replicated, compiled])
    def test_what_is_wrapped_round_a_model_leaves_no_trace(self, wrap: Wrap) -> None:
        model = nn.Linear(2, 1)
        assert same(collect_states({"m": wrap(model)}), collect_states({"m": model}))

    def test_compiled_parts_of_a_model_leave_no_trace(self) -> None:
        first, second = nn.Linear(2, 2), nn.Linear(2, 1)
        model, parts = nn.Sequential(first, second), nn.Sequential(compiled(first), second)
        assert same(collect_states({"m": model}), collect_states({"m": parts}))
        other = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
        load_objects({"m": parts}, collect_states({"m": other}))
        assert same(collect_states({"m": model}), collect_states({"m": other}))

    def test_the_tensors_are_those_of_the_objects(self) -> None:
        model = nn.Linear(2, 1)
        state = collect_states({"m": model})["m"]
        assert isinstance(state, Mapping)
        assert state["weight"].data_ptr() == model.weight.data_ptr()

    @pytest.mark.parametrize("value", [3, "text", None, [Counter(), "text"], {"a": {"b": 3}}])
    def test_what_has_no_state_is_refused(self, value: Any) -> None:
        with pytest.raises(ArgumentTypeError, match=r"collect_states: to_save\['x'\].* must be"):
            collect_states({"x": value})

    def test_what_is_no_mapping_is_refused(self) -> None:
        with pytest.raises(ArgumentTypeError, match="to_save must be a mapping"):
            collect_states([Counter()])  # type: ignore[arg-type]  # a mistake


class TestLoading:
    def test_all_objects_are_put_where_the_others_were(self, tmp_path: Path) -> None:
        model, counter = nn.Linear(2, 1), Counter(3)
        optimizer = trained(model)
        to_save: dict[str, StatefulTree] = {"m": model, "o": optimizer, "c": [counter]}
        save_checkpoint(collect_states(to_save), tmp_path / "a.pt")
        other = nn.Linear(2, 1)
        to_load: dict[str, StatefulTree] = {
            "m": other,
            "o": torch.optim.Adam(other.parameters()),
            "c": (Counter(),),
        }
        load_objects(to_load, tmp_path / "a.pt")
        assert same(collect_states(to_load), collect_states(to_save))

    def test_an_engine_goes_on_where_it_stood(self, tmp_path: Path) -> None:
        engine, other = Engine(step), Engine(step)
        engine.run([1, 2, 3], max_epochs=2)
        save_checkpoint(collect_states({"trainer": engine}), tmp_path / "a.pt")
        load_objects({"trainer": other}, str(tmp_path / "a.pt"))
        assert other.state_dict() == engine.state_dict()

    def test_a_part_of_what_was_saved_can_be_asked_for(self) -> None:
        counter = Counter()
        load_objects({"b": counter}, {"a": {"count": 1}, "b": {"count": 2}})
        assert counter.count == 2

    def test_the_checkpoint_itself_is_not_changed(self) -> None:
        model = nn.Linear(2, 1)
        checkpoint = collect_states({"m": model})
        before = copy.deepcopy(checkpoint)
        load_objects({"m": nn.DataParallel(nn.Linear(2, 1))}, checkpoint)
        assert same(checkpoint, before)

    @pytest.mark.parametrize("saved", [plain, replicated, compiled])
    @pytest.mark.parametrize("loaded", [plain, replicated, compiled])
    def test_models_may_be_wrapped_in_other_ways(self, saved: Wrap, loaded: Wrap) -> None:
        model, other = nn.Linear(2, 1), nn.Linear(2, 1)
        load_objects({"m": loaded(other)}, collect_states({"m": saved(model)}))
        assert torch.equal(model.weight, other.weight)

    def test_a_state_that_others_saved_of_a_compiled_model_is_understood(self) -> None:
        model, other = nn.Linear(2, 1), nn.Linear(2, 1)
        load_objects({"m": other}, {"m": compiled(model).state_dict()})
        assert torch.equal(model.weight, other.weight)

    def test_a_state_that_others_saved_of_replicas_is_understood(self) -> None:
        model, other = nn.Linear(2, 1), nn.Linear(2, 1)
        load_objects({"m": other}, {"m": replicated(model).state_dict()})
        assert torch.equal(model.weight, other.weight)

    def test_a_model_with_a_part_called_module_is_no_replica(self) -> None:
        model = nn.ModuleDict({"module": nn.Linear(2, 1)})
        other = nn.ModuleDict({"module": nn.Linear(2, 1)})
        load_objects({"m": other}, collect_states({"m": model}))
        assert same(other.state_dict(), model.state_dict())

    def test_entries_may_differ_where_that_is_said(self) -> None:
        model = nn.Linear(2, 1)
        load_objects({"m": model}, {"m": {"weight": torch.ones(1, 2), "x": 1}}, strict=False)
        assert torch.equal(model.weight, torch.ones(1, 2))

    def test_another_dtype_is_cast_only_where_that_is_said(self) -> None:
        model = nn.Linear(2, 1)
        checkpoint = {"m": {"weight": torch.ones(1, 2).half(), "bias": torch.ones(1)}}
        with pytest.raises(CheckpointMismatchError) as caught:
            load_objects({"m": model}, checkpoint)
        assert str(caught.value) == (
            "load_objects: the checkpoint does not fit, nothing was changed:\n"
            "    ['m']: 'weight' was saved as torch.float16, and is torch.float32; pass "
            "allow_cast=True to cast it"
        )
        load_objects({"m": model}, checkpoint, allow_cast=True)
        assert torch.equal(model.weight, torch.ones(1, 2))

    def test_a_lazy_model_takes_its_shapes_from_the_checkpoint(self) -> None:
        model = nn.LazyLinear(1)
        load_objects({"m": model}, collect_states({"m": nn.Linear(7, 1)}))
        assert model.weight.shape == (1, 7)


class TestAllOrNothing:
    def test_where_the_second_does_not_fit_the_first_is_as_it_was(self) -> None:
        first, second = nn.Linear(2, 1), nn.Linear(2, 1)
        optimizer = trained(first)
        to_load: dict[str, StatefulTree] = {"a": first, "o": optimizer, "b": second}
        before = copy.deepcopy(collect_states(to_load))
        other = nn.Linear(2, 1)
        saved = collect_states({"a": other, "o": trained(other), "b": nn.Linear(3, 1)})
        with pytest.raises(CheckpointMismatchError) as caught:
            load_objects(to_load, saved)
        assert "['b']: 'weight' was saved with shape (1, 3), and has shape (1, 2)" in str(
            caught.value
        )
        assert "nothing was changed" in str(caught.value)
        assert same(collect_states(to_load), before)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 9), st.integers(-2, 9)), max_size=5))
    def test_as_a_law(self, counts: list[tuple[int, int]]) -> None:
        counters = [Counter(own) for own, _ in counts]
        checkpoint = {"all": [{"count": saved} for _, saved in counts]}
        fits = all(saved >= 0 for _, saved in counts)
        try:
            load_objects({"all": counters}, checkpoint)
        except CheckpointMismatchError:
            assert not fits
        else:
            assert fits
        assert [counter.count for counter in counters] == [pair[fits] for pair in counts]

    def test_what_an_object_says_is_told_with_its_name(self) -> None:
        with pytest.raises(CheckpointMismatchError, match=r"\['b'\]\[0\]: ValueError: below zero"):
            load_objects(
                {"a": Counter(), "b": [Counter()]}, {"a": {"count": 1}, "b": [{"count": -1}]}
            )

    def test_all_differences_are_listed_and_not_only_the_first(self) -> None:
        models = {"a": nn.Linear(2, 1), "b": nn.Linear(2, 2, bias=False)}
        saved = collect_states({"a": nn.Linear(2, 1, bias=False), "b": nn.Linear(2, 3)})
        with pytest.raises(CheckpointMismatchError) as caught:
            load_objects(models, saved)
        assert str(caught.value).splitlines()[1:] == [
            "    ['a']: 'bias' was not saved",
            "    ['b']: 'bias' was saved, and is not in the model",
            "    ['b']: 'weight' was saved with shape (3, 2), and has shape (2, 2)",
        ]

    def test_a_long_list_is_cut(self) -> None:
        many = nn.ModuleList(nn.Linear(1, 1) for _ in range(20))
        with pytest.raises(CheckpointMismatchError, match=r"and 20 more$"):
            load_objects({"m": many}, collect_states({"m": nn.ModuleList()}))

    def test_a_name_that_was_not_saved_is_told_before_anything_is_loaded(self) -> None:
        counter = Counter()
        with pytest.raises(CheckpointMismatchError, match=r"\['b'\]: was not saved; there is 'a'"):
            load_objects({"a": counter, "b": Counter()}, {"a": {"count": 1}})
        assert counter.num_loads == 0

    @pytest.mark.parametrize(
        ("tree", "states", "told"),
        [
            ([Counter()], [], "1 objects are asked for, and 0 was saved"),
            ([Counter()], {}, "1 objects are asked for, and a dict was saved"),
            ({"b": Counter()}, [], "a mapping is asked for, and a list was saved"),
            (Counter(), [], "what was saved is a list, and no state"),
        ],
    )
    def test_another_arrangement_is_told(self, tree: Any, states: object, told: str) -> None:
        with pytest.raises(CheckpointMismatchError, match=told):
            load_objects({"a": tree}, {"a": states})

    def test_an_interruption_puts_everything_back_and_leaves(self) -> None:
        class Interrupted:
            """Is interrupted when it is loaded for the first time."""

            num_loads = 0

            def state_dict(self) -> dict[str, Any]:
                return {}

            def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
                self.num_loads += 1
                if self.num_loads == 1:
                    raise KeyboardInterrupt

        counter = Counter(1)
        with pytest.raises(KeyboardInterrupt) as caught:
            load_objects({"c": counter, "i": Interrupted()}, {"c": {"count": 2}, "i": {}})
        assert counter.count == 1
        assert caught.value.__notes__ == ["load_objects: nothing was changed"]

    def test_what_cannot_be_put_back_is_told(self) -> None:
        stuck = Counter(-5)  # its own state is one that it refuses
        with pytest.raises(CheckpointMismatchError, match=r"could not be put back: \['c'\]"):
            load_objects({"c": stuck}, {"c": {"count": -1}})

    def test_a_damaged_file_changes_nothing(self, tmp_path: Path) -> None:
        save_checkpoint({"c": {"count": 1}}, tmp_path / "a.pt")
        (tmp_path / "a.pt").write_bytes((tmp_path / "a.pt").read_bytes()[:-1])
        counter = Counter()
        with pytest.raises(CorruptCheckpointError, match=r"load_objects: .*a\.pt"):
            load_objects({"c": counter}, tmp_path / "a.pt")
        assert counter.num_loads == 0

    def test_the_error_is_a_state_dict_error_too(self) -> None:
        with pytest.raises(StateDictError):
            load_objects({"c": Counter()}, {})

    @pytest.mark.parametrize("value", [3, [Counter(), 3]])
    def test_what_has_no_state_is_refused(self, value: Any) -> None:
        with pytest.raises(ArgumentTypeError, match=r"load_objects: to_load\['x'\].* must be"):
            load_objects({"x": value}, {"x": [{"count": 1}, {}]})


class TestFilesOfOthers:
    def test_a_single_state_without_its_name_is_understood(self, tmp_path: Path) -> None:
        model, other = nn.Linear(2, 1), nn.Linear(2, 1)
        torch.save(model.state_dict(), tmp_path / "a.pt")
        with pytest.raises(ForeignCheckpointError):
            load_objects({"model": other}, tmp_path / "a.pt")
        load_objects({"model": other}, tmp_path / "a.pt", allow_foreign=True)
        assert torch.equal(model.weight, other.weight)

    def test_an_earlier_version_is_brought_on(self, tmp_path: Path) -> None:
        save_checkpoint({"counter": {"number": 3}}, tmp_path / "a.pt")
        migrations = Migrations(version=1, steps={0: lambda old: {"c": {"count": 3}}})
        counter = Counter()
        load_objects({"c": counter}, tmp_path / "a.pt", migrations=migrations)
        assert counter.count == 3


def load_replicas() -> bool:
    """Load a plain state into a model of which each rank has a replica."""
    model = nn.Linear(2, 1)
    replica = nn.parallel.DistributedDataParallel(nn.Linear(2, 1))
    load_objects({"m": replica}, collect_states({"m": model}))
    return same(collect_states({"m": replica}), collect_states({"m": model}))


@pytest.mark.distributed
def test_replicas_are_saved_and_loaded_as_plain_models(two_ranks: RankPool) -> None:
    assert two_ranks.run(load_replicas) == [True, True]
