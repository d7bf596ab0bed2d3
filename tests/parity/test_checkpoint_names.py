"""The same checkpoints are saved under the same names as by ignite."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pytest
from torch import nn

from firesteel import Engine, Events
from firesteel.handlers import Checkpoint, CheckpointMetadata

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    from ignite.engine import Engine as IgniteEngine
    from ignite.engine import Events as IgniteEvents
    from ignite.handlers import Checkpoint as IgniteCheckpoint

pytestmark = pytest.mark.parity


class Options(NamedTuple):
    """What both are made with."""

    filename_prefix: str = ""
    score_name: str | None = None
    has_score: bool = False
    has_step: bool = False
    n_saved: int | None = 2
    filename_pattern: str | None = None
    greater_or_equal: bool = False


ALL: Sequence[Options] = (
    Options(),
    Options(n_saved=None),
    Options(has_step=True),
    Options(has_score=True),
    Options(has_score=True, has_step=True),
    Options(has_score=True, score_name="acc"),
    Options(has_score=True, has_step=True, score_name="acc", filename_prefix="best"),
    Options(has_score=True, has_step=True, greater_or_equal=True),
    Options(filename_prefix="run", has_step=True, n_saved=1),
    Options(has_step=True, filename_pattern="{name}-{global_step}-of.{ext}"),
    Options(has_score=True, score_name="acc", filename_pattern="{score_name}~{score}.{ext}"),
)

SCORES = (0.5, 0.25, 0.75, 1.0, 0.125, 1.0, 0.75)


def give(engine: Engine[float, float], batch: float) -> float:
    return batch


def ours(options: Options, objects: dict[str, nn.Module]) -> list[str]:
    """Give the names that are saved, in order."""
    saved: list[str] = []

    def save(checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata) -> None:
        saved.append(filename)

    def score(engine: Engine[Any, float]) -> float:
        return engine.state.output

    chosen: dict[str, Any] = {"score_function": score} if options.has_score else {}
    trainer = Engine(give)
    checkpoint: Checkpoint[float] = Checkpoint(
        objects,
        save,
        filename_prefix=options.filename_prefix,
        score_name=options.score_name,
        n_saved=options.n_saved,
        global_step_transform=(lambda engine: 10 * engine.state.iteration)
        if options.has_step
        else None,
        filename_pattern=options.filename_pattern,
        greater_or_equal=options.greater_or_equal,
        **chosen,
    )
    trainer.add_event_handler(Events.ITERATION_COMPLETED, checkpoint)
    trainer.run(SCORES)
    return saved


def theirs(options: Options, objects: dict[str, nn.Module]) -> list[str]:
    """Give the names that ignite saves, in order."""
    saved: list[str] = []

    def save(checkpoint: object, filename: str, metadata: object = None) -> None:
        saved.append(filename)

    # Any: ignite's annotations are narrower than what it takes
    def score(engine: Any) -> Any:
        return engine.state.output

    def step(engine: Any, event: Any) -> Any:
        return 10 * engine.state.iteration

    trainer = IgniteEngine(lambda engine, batch: batch)
    checkpoint = IgniteCheckpoint(
        objects,
        save,
        filename_prefix=options.filename_prefix,
        score_function=score if options.has_score else None,
        score_name=options.score_name,
        n_saved=options.n_saved,
        global_step_transform=step if options.has_step else None,
        filename_pattern=options.filename_pattern,
        greater_or_equal=options.greater_or_equal,
    )
    trainer.add_event_handler(IgniteEvents.ITERATION_COMPLETED, checkpoint)
    trainer.run(list(SCORES))
    return saved


@pytest.mark.parametrize("options", ALL, ids=str)
@pytest.mark.parametrize("names", [("model",), ("model", "other")], ids=["one", "two"])
def test_the_same_is_saved_under_the_same_names(options: Options, names: tuple[str, ...]) -> None:
    objects: dict[str, nn.Module] = {name: nn.Linear(1, 1) for name in names}
    # an equal score under its own name, which ignite saves once more, has to be beaten here
    assert ours(options, objects) == list(dict.fromkeys(theirs(options, objects)))


@pytest.mark.parametrize("with_prefix", [True, False])
@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"with_score_name": False},
        {"with_score": False, "with_score_name": False},
        {"with_global_step": False},
        {"with_global_step": False, "with_score_name": False},
    ],
)
def test_the_patterns_are_the_same(with_prefix: bool, chosen: dict[str, bool]) -> None:
    their_pattern: object = IgniteCheckpoint.setup_filename_pattern(
        with_prefix=with_prefix, **chosen
    )
    our_pattern = Checkpoint.setup_filename_pattern(with_prefix=with_prefix, **chosen)
    if with_prefix:  # ignite's has no underscore behind the prefix, and adds it to the prefix
        our_pattern = our_pattern.replace("{filename_prefix}_", "{filename_prefix}")
    assert str(their_pattern).replace("{filename_prefix}_", "{filename_prefix}") == our_pattern
