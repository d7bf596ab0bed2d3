"""summarize: shapes, parameters and operations of a model that is left alone."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter
from typing_extensions import override

from firesteel.errors import ArgumentError, ArgumentTypeError, TracingError
from firesteel.handlers import count_flops, summarize


def net() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Flatten(),
        nn.Sequential(nn.Linear(8 * 16, 10), nn.Dropout()),
    )


def images() -> Tensor:
    return torch.empty(5, 3, 4, 4)


def num_hooks(model: nn.Module) -> int:
    """Count the hooks of all modules, which nothing public tells."""
    kept = [vars(module) for module in model.modules()]
    return sum(len(one["_forward_hooks"]) + len(one["_forward_pre_hooks"]) for one in kept)


class TestNumbers:
    def test_each_module_has_its_row_before_those_in_it(self) -> None:
        layers = summarize(net(), images).layers
        assert [(one.name, one.kind) for one in layers] == [
            ("", "Sequential"), ("0", "Conv2d"), ("1", "BatchNorm2d"), ("2", "ReLU"),
            ("3", "Flatten"), ("4", "Sequential"), ("4.0", "Linear"), ("4.1", "Dropout"),
        ]  # fmt: skip

    def test_shapes_are_those_that_the_model_has(self) -> None:
        layers = {one.name: one.output_shapes for one in summarize(net(), images).layers}
        assert layers["0"] == [(5, 8, 4, 4)]
        assert layers["3"] == [(5, 128)]
        assert layers["4.0"] == layers[""] == [(5, 10)]

    def test_parameters_and_bytes_are_those_that_the_model_has(self) -> None:
        model = net()
        summary = summarize(model, images)
        assert summary.num_parameters == sum(one.numel() for one in model.parameters())
        assert summary.parameter_bytes == 4 * summary.num_parameters
        assert summary.buffer_bytes == 8 * 4 * 2 + 8  # two of float32, one of int64
        assert summary.layers[0].num_parameters == summary.num_parameters

    def test_what_is_frozen_is_not_trainable(self) -> None:
        model = net()
        for parameter in list(model.parameters())[:2]:
            parameter.requires_grad_(False)
        summary = summarize(model, images)
        assert summary.num_parameters - summary.num_trainable == 3 * 8 * 9 + 8
        assert summary.layers[1].num_trainable == 0

    def test_operations_are_those_that_are_counted_on_true_tensors(self) -> None:
        model = net()
        summary = summarize(model, images)
        assert summary.flops == count_flops(lambda: model(torch.zeros(5, 3, 4, 4)))
        assert summary.flops == summary.layers[0].flops
        assert sum(one.flops for one in summary.layers if "." in one.name or one.name == "0") == (
            summary.flops
        )

    def test_a_module_that_is_called_twice_counts_twice_and_its_parameters_once(self) -> None:
        class Twice(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.inner = nn.Linear(4, 4, bias=False)
                self.same = self.inner

            @override
            def forward(self, x: Tensor) -> Tensor:
                once: Tensor = self.inner(x)
                twice: Tensor = self.same(once)
                return twice

        summary = summarize(Twice(), lambda: torch.empty(1, 4))
        assert [one.name for one in summary.layers] == ["", "inner"]
        assert (summary.layers[1].num_calls, summary.layers[1].flops) == (2, 2 * 2 * 16)
        assert summary.num_parameters == 16

    def test_several_inputs_and_outputs(self) -> None:
        class Pair(nn.Module):
            @override
            def forward(self, x: Tensor, y: Tensor) -> dict[str, Any]:
                return {"sum": x + y, "both": (x, [y])}

        summary = summarize(Pair(), lambda: (torch.empty(2, 3), torch.empty(3)))
        assert summary.layers[0].output_shapes == [(2, 3), (2, 3), (3,)]

    def test_a_module_that_is_not_called_says_so(self) -> None:
        class Unused(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.spare = nn.Linear(1, 1)

            @override
            def forward(self, x: Tensor) -> Tensor:
                return x

        summary = summarize(Unused(), lambda: torch.empty(1))
        assert (summary.layers[1].num_calls, summary.layers[1].output_shapes) == (0, [])
        assert "not called" in str(summary)


class TestLeavingAlone:
    def test_weights_buffers_gradients_hooks_and_random_states_stay(self) -> None:
        model = net()
        before = {name: one.clone() for name, one in model.state_dict().items()}
        random_state = torch.get_rng_state()
        summarize(model, images)
        for name, one in model.state_dict().items():
            assert type(one) is Tensor
            assert torch.equal(one, before[name])
        assert all(one.grad is None for one in model.parameters())
        assert torch.equal(torch.get_rng_state(), random_state)
        assert num_hooks(model) == 0
        assert model(torch.zeros(5, 3, 4, 4)).shape == (5, 10)

    def test_after_a_model_that_fails_too(self) -> None:
        model = net()
        with pytest.raises(RuntimeError):
            summarize(model, lambda: torch.empty(5, 4, 4, 4))
        assert num_hooks(model) == 0
        assert model(torch.zeros(5, 3, 4, 4)).shape == (5, 10)

    def test_a_model_without_memory_is_summarized_as_well(self) -> None:
        with torch.device("meta"):
            model = nn.Linear(100_000, 100_000)
        summary = summarize(model, lambda: torch.empty(64, 100_000, device="meta"))
        assert summary.num_parameters == 100_000 * 100_001
        assert summary.flops == 2 * 64 * 100_000**2


class TestRefusals:
    def test_a_model_that_looks_at_numbers(self) -> None:
        class Looks(nn.Module):
            @override
            def forward(self, x: Tensor) -> Tensor:
                return x if x.sum() > 0 else -x

        with pytest.raises(TracingError, match="summarize: the model must not look at numbers"):
            summarize(Looks(), lambda: torch.empty(2))

    def test_parameters_without_a_shape(self) -> None:
        model = nn.Linear(1, 1)
        model.weight = UninitializedParameter()
        with pytest.raises(ArgumentError, match="that of weight is not; call the model once"):
            summarize(model, lambda: torch.empty(2, 1))

    def test_what_is_no_model_and_no_function(self) -> None:
        no_model: Any = torch.ones
        with pytest.raises(ArgumentTypeError, match="model must be a module"):
            summarize(no_model, images)
        no_function: Any = images()
        with pytest.raises(ArgumentTypeError, match="make_inputs must be callable"):
            summarize(net(), no_function)
