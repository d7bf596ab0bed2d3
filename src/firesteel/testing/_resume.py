"""Prove that a pipeline that is saved and loaded goes on exactly as one that was not."""

import io
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

# Any: whatever a pipeline's batches and outputs are, they are compared.
from typing import Any, Final, NamedTuple, Protocol, final, runtime_checkable

import torch
from torch import Tensor
from typing_extensions import TypeIs

from firesteel._require import at_least
from firesteel.data import apply_to_tensor, keep_random_state, manual_seed
from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ResumeError
from firesteel.events import Events
from firesteel.protocols import Stateful

__all__ = ["Pipeline", "check_resume"]

_WHERE: Final = "check_resume"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A training run, ready to begin.

    Attributes:
        engine: The engine; its own state is saved and loaded besides ``parts``.
        data: What it runs over.
        parts: All else that a checkpoint of it keeps, by name: models, optimizers, schedulers,
            metrics, loaders that no engine saves, :class:`firesteel.data.RandomStates`.
    """

    engine: Engine[Any, Any]
    data: Iterable[Any]
    parts: Mapping[str, Stateful]


@runtime_checkable
class _Array(Protocol):
    """The part of a numpy array that is used here."""

    @property
    def dtype(self) -> object: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    def tolist(self) -> object: ...


class _Iteration(NamedTuple):
    """What one iteration was given, and gave."""

    batch: object
    output: object


def check_resume(
    build: Callable[[], Pipeline], *, num_iterations: int, at: Collection[int]
) -> None:
    """Compare a run with runs that are saved on the way and gone on with in new objects.

    One pipeline runs ``num_iterations`` iterations, and what a checkpoint keeps is saved after some
    of them, by ``torch.save``. For each of these a new pipeline is built while the global random
    states are other ones, as in a new process, is loaded with ``weights_only=True``, and runs to
    the end. Batches and outputs of the iterations after the checkpoint and all states in the end
    have to be the same, bit for bit. The global random states are put back afterwards.

    Args:
        build: Makes a new pipeline, the same each time it is called, but for what follows from the
            global random states.
        num_iterations: Iterations of the whole run, ``>= 1``; choose them so that epochs end on the
            way.
        at: After which iterations to save, each from 1 to ``num_iterations - 1``.

    Raises:
        ResumeError: Something is not the same; the first difference is named.
        ArgumentError: A number is out of its range, ``at`` is empty, or the run ends before it.

    Example:
        >>> import torch
        >>> from torch import Tensor
        >>> from torch.utils.data import TensorDataset
        >>> from firesteel.data import DataLoader
        >>> def build() -> Pipeline:
        ...     weight = torch.nn.Linear(1, 1)
        ...     optimizer = torch.optim.Adam(weight.parameters())
        ...     def step(engine: Engine[list[Tensor], float], batch: list[Tensor]) -> float:
        ...         loss = weight(batch[0]).square().mean()
        ...         optimizer.zero_grad()
        ...         loss.backward()
        ...         optimizer.step()
        ...         return loss.item()
        ...     data = DataLoader(TensorDataset(torch.rand(6, 1)), batch_size=2, shuffle=True)
        ...     return Pipeline(engine=Engine(step), data=data, parts={"optimizer": optimizer})
        >>> try:
        ...     check_resume(build, num_iterations=5, at=[2])
        ... except ResumeError as error:
        ...     print(str(error).partition(",")[0])
        check_resume: gone on with after iteration 2
    """
    num_iterations = at_least(_WHERE, "num_iterations", num_iterations, 1)
    for iteration in at:
        if not 1 <= iteration < num_iterations:
            raise ArgumentError(
                f"{_WHERE}: at must be from 1 to {num_iterations - 1}, below num_iterations, "
                f"got {iteration}"
            )
    if not at:
        raise ArgumentError(f"{_WHERE}: at must name at least one iteration, got none")
    with keep_random_state():
        manual_seed(0)
        whole = build()
        checkpoints: dict[int, bytes] = {}
        expected = _record(
            whole, num_iterations, lambda number: _save(whole, number, at, checkpoints)
        )
        _refuse_missing(at, expected)
        expected_end = _states(whole)
        for iteration in sorted(checkpoints):
            manual_seed(1 + iteration)
            resumed = build()
            _load(resumed, checkpoints[iteration])
            came = _record(resumed, num_iterations, lambda _number: None)
            _compare(iteration, expected, came)
            _refuse(iteration, "the state in the end", expected_end, _states(resumed))


def _refuse_missing(at: Collection[int], expected: Mapping[int, _Iteration]) -> None:
    """Refuse checkpoints behind which there is nothing to compare."""
    last = max(expected, default=0)
    missing = [iteration for iteration in sorted(at) if iteration >= last]
    if missing:
        raise ArgumentError(
            f"{_WHERE}: at must be below the last iteration of the run, which ended with {last}, "
            f"got {missing}"
        )


def _record(
    pipeline: Pipeline, num_iterations: int, after: Callable[[int], None]
) -> dict[int, _Iteration]:
    """Run a pipeline, and give what its iterations were given, and gave."""
    seen: dict[int, _Iteration] = {}

    def note(engine: Engine[Any, Any]) -> None:
        state = engine.state
        seen[state.iteration] = _Iteration(_kept(state.batch), _kept(state.output))
        after(state.iteration)

    with pipeline.engine.add_event_handler(Events.ITERATION_COMPLETED, note):
        pipeline.engine.run(pipeline.data, max_iters=num_iterations)
    return seen


def _save(
    pipeline: Pipeline, iteration: int, at: Collection[int], checkpoints: dict[int, bytes]
) -> None:
    if iteration not in at:
        return
    file = io.BytesIO()
    states = {name: part.state_dict() for name, part in pipeline.parts.items()}
    torch.save({"engine": pipeline.engine.state_dict(), "parts": states}, file)
    checkpoints[iteration] = file.getvalue()


def _load(pipeline: Pipeline, checkpoint: bytes) -> None:
    loaded = torch.load(io.BytesIO(checkpoint), weights_only=True)
    pipeline.engine.load_state_dict(loaded["engine"])
    for name, part in pipeline.parts.items():
        part.load_state_dict(loaded["parts"][name])


def _states(pipeline: Pipeline) -> object:
    state = pipeline.engine.state
    engine = {"iteration": state.iteration, "epoch": state.epoch}
    return _kept(
        {"engine": engine} | {name: one.state_dict() for name, one in pipeline.parts.items()}
    )


def _kept(value: object) -> object:
    """Give a copy that nothing changes any more."""
    return apply_to_tensor(value, lambda tensor: tensor.detach().clone())


def _compare(
    iteration: int, expected: Mapping[int, _Iteration], came: Mapping[int, _Iteration]
) -> None:
    wanted = [number for number in expected if number > iteration]
    if wanted != list(came):
        raise ResumeError(
            f"{_WHERE}: gone on with after iteration {iteration}, the iterations must be {wanted}, "
            f"got {list(came)}"
        )
    for number in wanted:
        for name in ("batch", "output"):
            what = f"the {name} of iteration {number}"
            _refuse(iteration, what, getattr(expected[number], name), getattr(came[number], name))


def _refuse(iteration: int, what: str, expected: object, came: object) -> None:
    found = _difference(expected, came, "")
    if found is not None:
        raise ResumeError(
            f"{_WHERE}: gone on with after iteration {iteration}, {what} must be the same as "
            f"without the break, got a difference{found}"
        )


def _difference(one: object, other: object, path: str) -> str | None:
    """Give where two values differ first, and how; ``None`` where they are the same."""
    where = f" at {path}" if path else ""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return (
            None if _is_same_tensor(one, other) else f"{where}: {_shown(other)}, not {_shown(one)}"
        )
    if isinstance(one, _Array) and isinstance(other, _Array):
        one, other = _described(one), _described(other)
    parts, others = _parts(one), _parts(other)
    if parts is None or others is None or type(one) is not type(other):
        return None if _is_same(one, other) else f"{where}: {other!r}, not {one!r}"
    if list(parts) != list(others):
        return f"{where}: the entries {list(others)}, not {list(parts)}"
    for name, part in parts.items():
        found = _difference(part, others[name], f"{path}{name}")
        if found is not None:
            return found
    return None


def _parts(value: object) -> Mapping[str, object] | None:
    """Give what a value consists of, by the way to it; ``None`` where it is one thing."""
    if _is_mapping(value):
        return {f"[{key!r}]": entry for key, entry in value.items()}
    if _is_row(value):
        return {f"[{place}]": entry for place, entry in enumerate(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return {f".{one.name}": getattr(value, one.name) for one in fields(value)}
    return None


def _described(array: _Array) -> Mapping[str, object]:
    """Give what an array is as things that can be compared."""
    return {"dtype": str(array.dtype), "shape": array.shape, "values": array.tolist()}


def _is_same_tensor(one: Tensor, other: Tensor) -> bool:
    if (one.dtype, one.shape, one.layout) != (other.dtype, other.shape, other.layout):
        return False
    if one.layout is not torch.strided:
        one, other = one.to_dense(), other.to_dense()
    own, its = (tensor.cpu().contiguous().reshape(-1) for tensor in (one, other))
    # bit for bit: NaN is NaN, and 0 is not -0
    return torch.equal(own.view(torch.uint8), its.view(torch.uint8))


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and bool(one == other)


def _shown(tensor: Tensor) -> str:
    values = ", ".join(str(value.item()) for value in tensor.to_dense().reshape(-1)[:4])
    return f"{tensor.dtype} of shape {list(tensor.shape)} that begins with {values}"


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_row(value: object) -> TypeIs[Sequence[object]]:
    return isinstance(value, list | tuple)
