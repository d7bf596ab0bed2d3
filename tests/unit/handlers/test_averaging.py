"""EMAHandler and SWAHandler: what they hold, when they update, and what they lend."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any, Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.host_waits import waits
from torch import Tensor, nn
from torch.nn.parallel import DataParallel

from firesteel import Engine, Events
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    EngineStateError,
    StateDictError,
)
from firesteel.handlers import EMAHandler, SWAHandler

# not public, but a function of values
from firesteel.handlers._ema import warmed_up


class Net(nn.Module):
    """One weight, one running number, one count."""

    weight: nn.Parameter
    running: Tensor
    count: Tensor
    scratch: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.register_buffer("running", torch.zeros(2))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        self.register_buffer("scratch", torch.zeros(1), persistent=False)

    def put(self, value: float) -> None:
        """Set all of it."""
        with torch.no_grad():
            for tensor in (self.weight, self.running, self.count, self.scratch):
                tensor.fill_(value)

    def values(self) -> list[float]:
        """Give all of it."""
        return [
            float(t.detach().max()) for t in (self.weight, self.running, self.count, self.scratch)
        ]


def trained(net: Net) -> Engine[float, None]:
    """Give an engine that sets the net to its batches."""

    def step(engine: Engine[float, None], batch: float) -> None:
        net.put(batch)

    return Engine(step)


class TestMomentum:
    def test_is_a_line_from_its_first_value_to_its_last(self) -> None:
        line = [warmed_up(n, momentum=0.1, first=0.5, num_warmup=5) for n in range(1, 8)]
        assert line == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1])

    def test_of_a_line_of_one_is_the_first_once(self) -> None:
        line = [warmed_up(n, momentum=0.1, first=0.5, num_warmup=1) for n in (1, 2)]
        assert line == [0.5, 0.1]

    @given(
        number=st.integers(1, 1000),
        num_warmup=st.integers(1, 500),
        momentum=st.floats(0.001, 0.999),
        first=st.floats(0.001, 0.999),
    )
    def test_lies_between_the_two(
        self, number: int, num_warmup: int, momentum: float, first: float
    ) -> None:
        now = warmed_up(number, momentum=momentum, first=first, num_warmup=num_warmup)
        assert min(momentum, first) - 1e-12 <= now <= max(momentum, first) + 1e-12  # rounding

    def test_is_that_of_the_next_update(self) -> None:
        ema = EMAHandler(Net(), momentum=0.1, momentum_warmup=0.5, warmup_iters=3)
        seen: list[float] = []
        for _ in range(4):
            seen.append(ema.momentum)
            ema.update()
        assert seen == pytest.approx([0.5, 0.3, 0.1, 0.1])

    def test_may_be_a_function_of_the_update(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=lambda number: 1 / number)
        for value in (4.0, 2.0, 9.0):
            net.put(value)
            ema.update()
        assert ema.ema_model.weight.tolist() == pytest.approx([5.0, 5.0])

    def test_that_a_function_gives_out_of_range_is_refused(self) -> None:
        ema = EMAHandler(Net(), momentum=lambda number: number * 0.75)
        ema.update()
        with pytest.raises(ArgumentError, match=r"momentum\(2\) must be at least 0 and at most 1"):
            ema.update()
        assert ema.num_updates == 1


class TestTheAverage:
    def test_begins_with_the_weights_that_the_model_had(self) -> None:
        net = Net()
        net.put(3)
        ema = EMAHandler(net, momentum=0.5)
        net.put(5)
        assert ema.ema_model.values() == [3, 3, 3, 3]
        ema.update()
        assert ema.ema_model.weight.tolist() == [4, 4]

    def test_has_no_gradients_and_is_in_evaluation_mode(self) -> None:
        net = Net()
        ema = EMAHandler(net)
        assert [p.requires_grad for p in ema.ema_model.parameters()] == [False]
        assert not ema.ema_model.training
        assert net.training
        assert net.weight.requires_grad

    @settings(deadline=None)  # the first comparison of torch's imports much
    @given(values=st.lists(st.floats(-100, 100), max_size=8), momentum=st.floats(0.01, 0.99))
    def test_is_what_the_formula_says(self, values: list[float], momentum: float) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=momentum)
        expected = torch.zeros(2, dtype=torch.float64)
        for value in values:
            net.put(value)
            ema.update()
            expected = (1 - momentum) * expected + momentum * net.weight.detach()
        torch.testing.assert_close(ema.ema_model.weight.double(), expected, rtol=1e-4, atol=1e-4)

    def test_of_several_dtypes_is_each_its_own(self) -> None:
        net = nn.ParameterList(
            torch.ones(2, dtype=dtype)
            for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.complex64)
        )
        ema = EMAHandler(net, momentum=0.5)
        with torch.no_grad():
            for parameter in net:
                parameter.mul_(3)
        ema.update()
        for own, parameter in zip(ema.ema_model, net, strict=True):
            assert own.dtype == parameter.dtype
            assert own.tolist() == [2, 2]

    def test_in_float32_of_a_model_in_half_precision_loses_nothing(self) -> None:
        half, full = nn.Linear(1, 1).bfloat16(), nn.Linear(1, 1)
        with torch.no_grad():
            half.weight.fill_(1)
        ema = EMAHandler(half, momentum=1e-3, ema_model=full)
        assert full.weight.item() == 1
        with torch.no_grad():
            half.weight.fill_(2)
        for _ in range(100):
            ema.update()
        assert full.weight.item() == pytest.approx(2 - 0.999**100, rel=1e-5)

    def test_of_parameters_that_are_one_is_one(self) -> None:
        one, two = nn.Linear(2, 2), nn.Linear(2, 2)
        two.weight = one.weight
        ema = EMAHandler(nn.ModuleList([one, two]), momentum=0.5)
        average, same = (parts.get_parameter("weight") for parts in ema.ema_model)
        assert average is same
        before = average.clone()
        with torch.no_grad():
            one.weight.add_(1)
        ema.update()
        torch.testing.assert_close(average, before + 0.5)

    def test_does_not_wait_for_a_device(self) -> None:
        net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        ema, swa = EMAHandler(net, momentum=0.1, handle_buffers="update"), SWAHandler(net)
        with waits() as found:
            for _ in range(3):
                ema.update()
                swa.update()
            with ema.applied():
                pass
        assert found == []


class TestBuffers:
    def test_are_copied_and_stay_their_own(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.5)
        net.put(4)
        ema.update()
        assert ema.ema_model.values() == [2, 4, 4, 4]
        net.put(6)
        assert ema.ema_model.values() == [2, 4, 4, 4]

    def test_are_averaged_where_they_can_be(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.5, handle_buffers="update")
        net.put(4)
        ema.update()
        assert ema.ema_model.values() == [2, 2, 4, 2]
        net.put(6)
        assert ema.ema_model.values() == [2, 2, 4, 2]

    def test_are_left_to_the_averaged_model_in_training_mode(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.5, handle_buffers="ema_train")
        net.put(4)
        ema.update()
        assert ema.ema_model.values() == [2, 0, 0, 0]
        assert ema.ema_model.training


class TestUpdates:
    def test_come_after_each_iteration(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.5)
        trainer = trained(net)
        trainer.attach(ema)
        trainer.run([2.0, 4.0])
        assert ema.ema_model.weight.tolist() == [2.5, 2.5]
        assert ema.num_updates == 2

    def test_come_at_an_event_that_was_chosen(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.5)
        trainer = trained(net)
        ema.attach(trainer, event=Events.ITERATION_COMPLETED(every=2))
        trainer.run([2.0, 4.0, 6.0])
        assert ema.ema_model.weight.tolist() == [2, 2]

    def test_come_no_more_once_it_is_taken_off(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.5)
        trainer = trained(net)
        trainer.attach(ema).remove()
        trainer.run([2.0])
        assert ema.num_updates == 0

    def test_of_a_rehearsal_are_none(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.5)
        trainer = trained(net)
        trainer.attach(ema)
        with trainer.rehearsal():
            trainer.run([2.0])
        assert ema.ema_model.values() == [0, 0, 0, 0]
        assert ema.num_updates == 0

    def test_follow_parameters_that_were_replaced_between_runs(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.5)
        trainer = trained(net)
        trainer.attach(ema)
        trainer.run([2.0])
        net.load_state_dict({**net.state_dict(), "weight": torch.ones(2)}, assign=True)
        trainer.run([3.0])
        assert ema.ema_model.weight.tolist() == [2, 2]

    def test_of_a_model_that_has_other_parameters_by_then_are_refused(self) -> None:
        net = Net()
        trainer = trained(net)
        trainer.attach(EMAHandler(net))
        net.register_parameter("more", nn.Parameter(torch.zeros(1)))
        with pytest.raises(ArgumentError, match=r"other are \['more'\]"):
            trainer.run([1.0])


class TestWhatWraps:
    def test_a_compiled_model_is_looked_through(self) -> None:
        net = Net()
        compiled: Any = torch.compile(net, backend="eager")
        ema = EMAHandler(compiled, momentum=0.5)
        assert type(ema.ema_model) is Net
        net.put(2)
        ema.update()
        assert ema.ema_model.weight.tolist() == [1, 1]

    def test_so_is_data_parallel(self) -> None:
        net = Net()
        ema = EMAHandler(DataParallel(net), momentum=0.5)
        assert type(ema.ema_model) is Net

    def test_in_each_other(self) -> None:
        compiled: Any = torch.compile(DataParallel(Net()), backend="eager")
        assert type(SWAHandler(compiled).swa_model) is Net


class TestApplied:
    def test_the_model_has_the_averaged_values_in_the_block_alone(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.5)
        net.put(4)
        ema.update()
        net.put(7)
        weight = net.weight
        with ema.applied():
            assert net.values() == [2, 4, 4, 4]
            assert ema.ema_model.values() == [2, 4, 4, 4]
        assert net.values() == [7, 7, 7, 7]
        assert net.weight is weight

    def test_an_error_in_the_block_changes_nothing_about_that(self) -> None:
        net = Net()
        ema = EMAHandler(net)
        net.put(4)
        with pytest.raises(ValueError, match="in the block"), ema.applied():
            raise ValueError("in the block")
        assert net.values() == [4, 4, 4, 4]

    def test_blocks_may_be_in_each_other(self) -> None:
        net = Net()
        ema = EMAHandler(net)
        net.put(4)
        with ema.applied():
            with ema.applied():
                assert net.values() == [0, 0, 0, 0]
            assert net.values() == [0, 0, 0, 0]
        assert net.values() == [4, 4, 4, 4]

    def test_an_update_in_the_block_is_refused(self) -> None:
        ema = EMAHandler(Net())
        with ema.applied(), pytest.raises(EngineStateError, match="must have its own weights"):
            ema.update()
        ema.update()
        assert ema.num_updates == 1


def evaluated(net: Net) -> Engine[int, float]:
    """Give an engine whose output is the net's weight."""

    def evaluate(engine: Engine[int, float], batch: int) -> float:
        if batch < 0:
            raise ValueError("negative")
        return net.values()[0]

    return Engine(evaluate)


ENDS: Final[Sequence[Callable[[Engine[int, float]], None]]] = (
    lambda evaluator: evaluator.terminate(),
    lambda evaluator: evaluator.terminate(skip_completed=True),
    lambda evaluator: evaluator.interrupt(),
)


class TestDuringAnEvaluation:
    def test_the_model_has_the_averaged_values(self) -> None:
        net = Net()
        ema = EMAHandler(net)
        evaluator = evaluated(net)
        ema.apply_during(evaluator)
        net.put(4)
        for _ in range(2):
            assert evaluator.run([1, 2]).output == 0
            assert net.values() == [4, 4, 4, 4]

    @pytest.mark.parametrize("end", ENDS)
    @pytest.mark.parametrize("event", [Events.STARTED, Events.EPOCH_STARTED, Events.COMPLETED])
    def test_it_has_its_own_however_that_ends(
        self, end: Callable[[Engine[int, float]], None], event: Events
    ) -> None:
        net = Net()
        ema = EMAHandler(net)
        evaluator = evaluated(net)
        ema.apply_during(evaluator)
        evaluator.add_event_handler(event, end)
        net.put(4)
        evaluator.run([1, 2])
        assert net.values() == [4, 4, 4, 4]

    def test_it_has_its_own_after_an_error(self) -> None:
        net = Net()
        ema = EMAHandler(net)
        evaluator = evaluated(net)
        ema.apply_during(evaluator)
        net.put(4)
        with pytest.raises(ValueError, match="negative"):
            evaluator.run([1, -1])
        assert net.values() == [4, 4, 4, 4]
        ema.update()

    def test_one_that_was_suspended_goes_on_with_them(self) -> None:
        net = Net()
        ema = EMAHandler(net)
        evaluator = evaluated(net)
        ema.apply_during(evaluator)
        net.put(4)
        seen: list[float] = []
        evaluator.add_event_handler(
            Events.ITERATION_COMPLETED, lambda engine: seen.append(engine.state.output)
        )
        evaluator.add_event_handler(Events.ITERATION_COMPLETED(once=1), evaluator.interrupt)
        evaluator.run([1, 2, 3])
        assert net.values() == [4, 4, 4, 4]
        evaluator.run([1, 2, 3])
        assert net.values() == [4, 4, 4, 4]
        assert seen == [0, 0, 0]

    def test_one_that_was_suspended_leaves_no_trace_where_it_is_taken_off(self) -> None:
        net = Net()
        ema = EMAHandler(net)
        evaluator = evaluated(net)
        handle = ema.apply_during(evaluator)
        evaluator.add_event_handler(Events.ITERATION_COMPLETED(once=1), evaluator.interrupt)
        net.put(4)
        evaluator.run([1, 2])
        handle.remove()
        assert evaluator.run([1, 2]).output == 4
        assert evaluator.run([1]).output == 4
        ema.update()

    def test_within_a_training_the_next_update_is_of_its_own(self) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.5)
        trainer, evaluator = trained(net), evaluated(net)
        trainer.attach(ema)
        ema.apply_during(evaluator)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: evaluator.run([0]))
        trainer.run([2.0, 4.0])
        assert evaluator.state.output == 2.5
        assert net.weight.tolist() == [4, 4]

    def test_no_more_once_it_is_taken_off(self) -> None:
        net = Net()
        evaluator = evaluated(net)
        EMAHandler(net).apply_during(evaluator).remove()
        net.put(4)
        assert evaluator.run([1]).output == 4


class TestState:
    def test_comes_back_from_a_file_that_holds_no_objects(self, tmp_path: Any) -> None:
        net = Net()
        ema = EMAHandler(net, momentum=0.1, momentum_warmup=0.5, warmup_iters=5)
        net.put(4)
        ema.update()
        torch.save(ema.state_dict(), tmp_path / "ema.pt")
        other = EMAHandler(Net(), momentum=0.1, momentum_warmup=0.5, warmup_iters=5)
        other.load_state_dict(torch.load(tmp_path / "ema.pt", weights_only=True))
        assert other.ema_model.weight.tolist() == [2, 2]
        assert other.num_updates == 1
        assert other.momentum == pytest.approx(0.4)

    def test_of_a_run_that_is_gone_on_with_leads_to_the_same_average(self) -> None:
        net = Net()
        whole = EMAHandler(net, momentum=0.3, momentum_warmup=0.9, warmup_iters=4)
        saved = whole.state_dict()
        for number in range(6):
            if number == 3:
                saved = deepcopy(whole.state_dict())
            net.put(number)
            whole.update()
        rest = EMAHandler(net, momentum=0.3, momentum_warmup=0.9, warmup_iters=4)
        rest.load_state_dict(saved)
        for number in range(3, 6):
            net.put(number)
            rest.update()
        assert rest.ema_model.values() == whole.ema_model.values()

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"num_updates": -1}, "must be 'num_updates'"),
            ({"num_updates": True}, "must be 'num_updates'"),
            ({"model": [1]}, "must be 'num_updates'"),
            ({"extra": 1}, "must be 'num_updates'"),
            ({"model": {}}, r"missing are \['count', 'running', 'weight'\]"),
            (
                {"model": {**Net().state_dict(), "weight": torch.zeros(3), "more": 1}},
                r"unknown are \['more'\], of another shape are \['weight'\]",
            ),
        ],
    )
    def test_that_does_not_fit_is_refused_and_nothing_is_changed(
        self, change: dict[str, object], words: str
    ) -> None:
        ema = EMAHandler(Net())
        before = deepcopy(ema.state_dict())
        with pytest.raises(StateDictError, match=words):
            ema.load_state_dict(before | change)
        assert ema.ema_model.values() == [0, 0, 0, 0]
        assert ema.num_updates == 0


class TestArguments:
    @pytest.mark.parametrize(
        ("options", "error", "words"),
        [
            ({"momentum": 0}, ArgumentError, "momentum must be above 0 and below 1, got 0"),
            ({"momentum": 1}, ArgumentError, "momentum must be above 0 and below 1, got 1"),
            ({"momentum": "0.1"}, ArgumentTypeError, "momentum must be callable"),
            ({"momentum_warmup": 0.5}, ArgumentError, "takes momentum_warmup and warmup_iters"),
            ({"warmup_iters": 5}, ArgumentError, "takes momentum_warmup and warmup_iters"),
            (
                {"momentum_warmup": 2, "warmup_iters": 5},
                ArgumentError,
                "momentum_warmup must be above 0 and below 1",
            ),
            (
                {"momentum_warmup": 0.5, "warmup_iters": 0},
                ArgumentError,
                "warmup_iters must be at least 1",
            ),
            (
                {"momentum": float, "momentum_warmup": 0.5, "warmup_iters": 5},
                ArgumentError,
                "takes no momentum_warmup where momentum is a function",
            ),
            ({"handle_buffers": "keep"}, ArgumentError, "handle_buffers must be one of 'copy'"),
            ({"ema_model": nn.Linear(1, 1)}, ArgumentError, "must have the parameters and buffers"),
        ],
    )
    def test_that_make_no_sense_are_refused(
        self, options: dict[str, Any], error: type[Exception], words: str
    ) -> None:
        with pytest.raises(error, match=f"EMAHandler: .*{words}"):
            EMAHandler(Net(), **options)

    def test_the_model_itself_cannot_hold_its_average(self) -> None:
        net = Net()
        with pytest.raises(ArgumentError, match="tensors of its own, shared are"):
            EMAHandler(net, ema_model=net)
        assert net.weight.requires_grad

    def test_what_is_no_module_is_refused(self) -> None:
        wrong: Any = [nn.Linear(1, 1)]
        with pytest.raises(ArgumentTypeError, match="EMAHandler: model must be a module"):
            EMAHandler(wrong)

    def test_a_model_that_cannot_be_copied_says_what_to_do(self) -> None:
        net = Net()
        net.running = net.weight * 2  # a tensor with a history
        with pytest.raises(RuntimeError) as caught:
            EMAHandler(net)
        assert "pass a second instance" in caught.value.__notes__[0]


class TestSWA:
    @given(values=st.lists(st.floats(-100, 100), min_size=1, max_size=8))
    def test_is_the_mean(self, values: list[float]) -> None:
        net = Net()
        net.put(999)
        swa = SWAHandler(net)
        for value in values:
            net.put(value)
            swa.update()
        mean = sum(values) / len(values)
        assert swa.swa_model.weight.tolist() == pytest.approx([mean, mean], rel=1e-4, abs=1e-3)

    def test_of_the_ends_of_epochs(self) -> None:
        net = Net()
        swa = SWAHandler(net)
        trainer = trained(net)
        trainer.attach(swa)
        trainer.run([1.0, 3.0], max_epochs=3)
        assert (swa.num_updates, swa.swa_model.weight.tolist()) == (3, [3, 3])

    def test_before_the_first_update_is_the_model_that_was(self) -> None:
        net = Net()
        net.put(3)
        swa = SWAHandler(net)
        net.put(4)
        assert swa.swa_model.values() == [3, 3, 3, 3]

    def test_may_be_held_by_a_second_instance(self) -> None:
        net, other = Net(), Net()
        net.put(3)
        swa = SWAHandler(net, swa_model=other)
        assert swa.swa_model is other
        assert other.values() == [3, 3, 3, 3]


def normed() -> nn.Sequential:
    """Give a model with a batch norm."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))


class TestBatchNorms:
    def test_get_the_means_over_the_data(self) -> None:
        swa = SWAHandler(normed())
        data = [torch.randn(8, 2) for _ in range(3)]
        swa.update_bn(data, lambda model, batch: model(batch))
        hidden = [swa.swa_model[0](batch) for batch in data]
        norm = swa.swa_model[1]
        assert isinstance(norm, nn.BatchNorm1d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        means = torch.stack([batch.mean(0) for batch in hidden]).mean(0)
        torch.testing.assert_close(norm.running_mean, means)
        torch.testing.assert_close(
            norm.running_var, torch.stack([batch.var(0) for batch in hidden]).mean(0)
        )

    def test_keep_their_momentum_and_their_mode_whatever_happens(self) -> None:
        def broken() -> Iterator[Tensor]:
            yield torch.randn(8, 2)
            raise ValueError("no more")

        swa = SWAHandler(normed())
        swa.swa_model[2].train()
        with pytest.raises(ValueError, match="no more"):
            swa.update_bn(broken(), lambda model, batch: model(batch))
        norm = swa.swa_model[1]
        assert isinstance(norm, nn.BatchNorm1d)
        assert norm.momentum == 0.1
        assert [part.training for part in swa.swa_model] == [False, False, True]

    def test_stay_as_they_were_where_there_is_no_batch(self) -> None:
        swa = SWAHandler(normed())
        swa.update_bn([torch.randn(8, 2)], lambda model, batch: model(batch))
        before = deepcopy(swa.swa_model.state_dict())
        with pytest.raises(DataError, match="at least one batch, got none"):
            swa.update_bn(list[Tensor](), lambda model, batch: model(batch))
        torch.testing.assert_close(swa.swa_model.state_dict(), before)

    def test_where_there_are_none_the_data_is_not_read(self) -> None:
        data = iter([1, 2])
        SWAHandler(Net()).update_bn(data, lambda model, batch: None)
        assert list(data) == [1, 2]
