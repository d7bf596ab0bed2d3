"""summarize: the layers of a model as a table, without data and without time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
    UnsupportedFakeTensorException,
    UnsupportedOperatorException,
)
from torch.func import functional_call
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter
from torch.utils.flop_counter import FlopCounterMode
from typing_extensions import TypeIs, override

from firesteel._require import is_a, is_callable
from firesteel.errors import ArgumentError, TracingError

from ._durations import as_text

__all__ = ["LayerSummary", "ModelSummary", "summarize"]

_UNTRACEABLE: Final = (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedFakeTensorException,
    UnsupportedOperatorException,
)
"""What torch raises where the numbers themselves are needed."""

_HEAD: Final = ("layer", "kind", "output", "parameters", "trainable", "FLOPs")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSummary:
    """A module of a model.

    Attributes:
        name: Its name in the model, as in ``named_modules``; empty for the model itself.
        kind: The name of its class.
        num_calls: How often the forward pass has called it.
        output_shapes: The shapes of the tensors that it gave, when it was called last.
        num_parameters: How many numbers its parameters have, those of the modules in it included.
        num_trainable: How many of these are trained.
        flops: Floating-point operations of all its calls, those of the modules in it included.
    """

    name: str
    kind: str
    num_calls: int
    output_shapes: Sequence[tuple[int, ...]]
    num_parameters: int
    num_trainable: int
    flops: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary:
    """What a forward pass through a model is made of. As text it is a table.

    Attributes:
        layers: All modules, the model itself first, each before those in it.
        num_parameters: How many numbers the parameters have; shared ones count once.
        num_trainable: How many of these are trained.
        parameter_bytes: The memory that they take.
        buffer_bytes: The memory that the buffers take.
        flops: Floating-point operations of the forward pass: products of matrices, convolutions
            and attention, where a multiplication with an addition counts as two.
    """

    layers: Sequence[LayerSummary]
    num_parameters: int
    num_trainable: int
    parameter_bytes: int
    buffer_bytes: int
    flops: int

    @override
    def __str__(self) -> str:
        rows = [
            (
                "  " * _depth(layer.name) + (layer.name.rpartition(".")[2] or "(model)"),
                layer.kind,
                ", ".join(map(str, map(list, layer.output_shapes))) or "not called",
                layer.num_parameters,
                layer.num_trainable,
                layer.flops,
            )
            for layer in self.layers
        ]
        return as_text(_HEAD, rows)


def summarize(
    model: nn.Module, make_inputs: Callable[[], Tensor | tuple[object, ...]]
) -> ModelSummary:
    """Give the layers of a model, with shapes, parameters and operations.

    The model is called once, on tensors that have a shape, a dtype and a device but no numbers: it
    takes neither time nor memory, and the device need not be there. Weights, buffers and gradients
    of the model are not touched, random states neither.

    Args:
        model: The model, in the mode (training or evaluation) that it is in.
        make_inputs: Makes the argument of the model, or a tuple of several, of ``torch.empty`` and
            the like. Called in here, where such tensors take no memory.

    Raises:
        ArgumentError: The model has parameters whose shapes are not known yet.
        ArgumentTypeError: ``model`` is no module, or ``make_inputs`` cannot be called.
        TracingError: The model looks at numbers, so that it cannot be called without.

    Example:
        >>> model = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
        >>> summary = summarize(model, lambda: torch.empty(32, 784))
        >>> summary.num_parameters, summary.layers[-1].output_shapes
        (79510, [(32, 10)])
        >>> print(summary)
        layer    kind        output     parameters  trainable    FLOPs
        -------  ----------  ---------  ----------  ---------  -------
        (model)  Sequential  [32, 10]        79510      79510  5081600
          0      Linear      [32, 100]       78500      78500  5017600
          1      ReLU        [32, 100]           0          0        0
          2      Linear      [32, 10]         1010       1010    64000
    """
    is_a("summarize", "model", model, nn.Module, "a module")
    is_callable("summarize", "make_inputs", make_inputs)
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    for name, tensor in tensors.items():
        if isinstance(tensor, UninitializedParameter | UninitializedBuffer):
            raise ArgumentError(
                f"summarize: the shapes of all parameters must be known, that of {name} is not; "
                "call the model once before"
            )
    modules = _modules(model)
    seen = {name: _Seen() for name in modules}
    counter = FlopCounterMode(display=False)
    with ExitStack() as stack:
        for name, module in modules.items():
            for handle in _watched(module, seen[name], counter):
                stack.callback(handle)
        fake = stack.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
        fakes: dict[str, Tensor] = {
            name: fake.from_tensor(tensor) for name, tensor in tensors.items()
        }
        stack.enter_context(torch.no_grad())
        stack.enter_context(counter)
        inputs = make_inputs()
        try:
            functional_call(model, fakes, inputs if isinstance(inputs, tuple) else (inputs,))
        except _UNTRACEABLE as error:
            raise TracingError(
                "summarize: the model must not look at numbers to be called without, it asked for "
                f"{error} ({type(error).__name__})"
            ) from error
    parameters = list(model.parameters())
    return ModelSummary(
        layers=[_layer(name, module, seen[name]) for name, module in modules.items()],
        num_parameters=sum(one.numel() for one in parameters),
        num_trainable=sum(one.numel() for one in parameters if one.requires_grad),
        parameter_bytes=sum(one.nbytes for one in parameters),
        buffer_bytes=sum(one.nbytes for one in model.buffers()),
        flops=counter.get_total_flops(),
    )


def _modules(module: nn.Module, *, name: str = "") -> Mapping[str, nn.Module]:
    """Give all modules by name, each before those in it, one that stands in several places once."""
    found: dict[str, nn.Module] = {name: module}
    for own_name, child in module.named_children():
        for inner_name, inner in _modules(
            child, name=f"{name}.{own_name}" if name else own_name
        ).items():
            if all(inner is not one for one in found.values()):
                found[inner_name] = inner
    return found


@final
class _Seen:
    """What was seen of a module."""

    def __init__(self) -> None:
        self.num_calls = 0
        self.flops = 0
        self.flops_before: list[int] = []
        self.shapes: list[tuple[int, ...]] = []


def _watched(
    module: nn.Module, seen: _Seen, counter: FlopCounterMode
) -> Iterator[Callable[[], None]]:
    """Note each call of a module; give what takes the notes off again."""

    def before(_module: nn.Module, _args: object) -> None:
        seen.flops_before.append(counter.get_total_flops())

    def after(_module: nn.Module, _args: object, output: object) -> None:
        seen.num_calls += 1
        seen.flops += counter.get_total_flops() - seen.flops_before.pop()
        seen.shapes = list(_shapes(output))

    yield module.register_forward_pre_hook(before).remove
    yield module.register_forward_hook(after).remove


def _layer(name: str, module: nn.Module, seen: _Seen) -> LayerSummary:
    parameters = list(module.parameters())
    return LayerSummary(
        name=name,
        kind=type(module).__name__,
        num_calls=seen.num_calls,
        output_shapes=seen.shapes,
        num_parameters=sum(one.numel() for one in parameters),
        num_trainable=sum(one.numel() for one in parameters if one.requires_grad),
        flops=seen.flops,
    )


def _shapes(output: object) -> Iterator[tuple[int, ...]]:
    if isinstance(output, Tensor):
        yield tuple(output.shape)
    elif _is_mapping(output):
        for part in output.values():
            yield from _shapes(part)
    elif _is_row(output):
        for part in output:
            yield from _shapes(part)


def _depth(name: str) -> int:
    return name.count(".") + 1 if name else 0


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_row(value: object) -> TypeIs[Sequence[object]]:
    return isinstance(value, list | tuple)
