"""Checkpoint beside a short model of it: saves, failures, kills, restarts, resets in any order."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.unit.handlers.checkpoint.savers import Counter, Noting, give

from firesteel import Engine, Events
from firesteel.handlers import Checkpoint, CheckpointMetadata, global_step_from_engine

SCORES: Final = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


class Retention(RuleBasedStateMachine):
    """The model is a list of (priority, name) in the order of saves, cut to its best."""

    @initialize(
        n_saved=st.none() | st.integers(1, 3), is_scored=st.booleans(), or_equal=st.booleans()
    )
    def begin(self, n_saved: int | None, is_scored: bool, or_equal: bool) -> None:
        """Begin with an empty saver."""
        self.n_saved, self.is_scored, self.or_equal = n_saved, is_scored, or_equal
        self.saver = Noting()
        self.kept: list[tuple[float, str]] = []
        self.forgotten: set[str] = set()
        self.num_saves = 0
        self.step = 0
        self.build()

    def build(self) -> None:
        """Make what a process makes when it starts."""
        self.score = 0.0
        self.engine: Engine[float, float] = Engine(give)
        score: Callable[[Engine[Any, object]], float] = lambda _: self.score  # noqa: E731
        self.checkpoint: Checkpoint[object] = (
            Checkpoint(
                {"counter": Counter()},
                self.saver,
                n_saved=self.n_saved,
                score_function=score,
                greater_or_equal=self.or_equal,
                global_step_transform=lambda _: self.step,
            )
            if self.is_scored
            else Checkpoint(
                {"counter": Counter()},
                self.saver,
                n_saved=self.n_saved,
                global_step_transform=lambda _: self.step,
            )
        )
        self.checkpoint.attach(self.engine, Events.COMPLETED)

    def next_one(self, score: float) -> tuple[float, str]:
        """Give what a save at this moment would make."""
        if not self.is_scored:
            return float(self.num_saves + 1), f"counter_{self.step}.pt"
        return score, f"counter_{self.step}_{score:.4f}.pt"

    @rule(score=SCORES, step=st.integers(1, 6))
    def save(self, score: float, step: int) -> None:
        """Save, as far as it is due."""
        self.score, self.step = score, step
        new = self.next_one(score)
        rest = [one for one in self.kept if one[1] != new[1]]
        room = len(rest) if self.n_saved is None else self.n_saved - 1
        lowest_first = sorted(rest, key=lambda one: one[0])
        losers = lowest_first[: max(len(rest) - room, 0)]
        rivals = losers + [one for one in self.kept if one[1] == new[1]]
        if all(new[0] > one[0] or (self.or_equal and new[0] == one[0]) for one in rivals):
            self.kept = [one for one in rest if one not in losers] + [new]
            self.forgotten -= {new[1]}
            self.num_saves += 1
        self.engine.run([1.0])

    @rule(score=SCORES, step=st.integers(1, 6))
    def fail(self, score: float, step: int) -> None:
        """Try to save onto a disk that is full."""
        self.score, self.step = score, step
        self.saver.fails_to_save = {self.next_one(score)[1]}
        try:
            self.engine.run([1.0])
        except OSError:
            self.forget_the_order()
        self.saver.fails_to_save = set()

    def forget_the_order(self) -> None:
        """Know no more than the saver: of scored ones the order of saves is that of steps."""
        if self.is_scored:
            self.kept.sort(key=lambda one: int(one[1].split("_")[1].removesuffix(".pt")))

    @rule()
    def restart(self) -> None:
        """Start a new process, which has forgotten nothing: it knows what the saver knows."""
        if self.forgotten:  # a new process takes them for its own
            return
        self.forget_the_order()
        self.build()
        if not self.is_scored:
            self.num_saves = int(max((one[0] for one in self.kept), default=0))

    @precondition(lambda self: not self.is_scored and self.n_saved is not None and self.kept)
    @rule(step=st.integers(7, 9))
    def be_killed_before_the_removal(self, step: int) -> None:
        """Leave one too many, and start again."""
        if self.forgotten:
            return
        new = (float(self.num_saves + 1), f"counter_{step}.pt")
        metadata = CheckpointMetadata(name="counter", global_step=step, priority=new[0])
        self.saver.save({}, new[1], metadata)
        self.kept = [one for one in self.kept if one[1] != new[1]] + [new]
        self.num_saves += 1
        self.build()
        self.step = step  # and save once more, which removes what is too much
        self.save(0.0, step)

    @rule()
    def reset(self) -> None:
        """Forget what is kept."""
        self.forgotten |= {name for _, name in self.kept}
        self.kept = []
        self.checkpoint.reset()
        assert not self.checkpoint.kept

    @invariant()
    def what_is_kept_is_there_and_nothing_else(self) -> None:
        """Compare with the saver, and with the checkpoint's own account."""
        names = [name for _, name in self.kept]
        assert sorted(self.saver.filenames()) == sorted({*names, *self.forgotten})
        assert sorted(self.checkpoint.kept) == sorted(names)
        assert self.n_saved is None or len(names) <= self.n_saved
        if self.kept:
            highest = max(one[0] for one in self.kept)
            found = {name: priority for priority, name in self.kept}
            assert found[str(self.checkpoint.best_checkpoint)] == highest


Retention.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestRetention = Retention.TestCase


def test_the_step_of_a_trainer_is_what_files_are_called_by() -> None:
    trainer, saver = Engine(give), Noting()
    checkpoint = Checkpoint(
        {"counter": Counter()}, saver, global_step_transform=global_step_from_engine(trainer)
    )
    evaluator = Engine(give)
    checkpoint.attach(evaluator, Events.COMPLETED)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run([1.0]))
    trainer.run([1.0] * 5, max_epochs=3)
    assert checkpoint.kept == ("counter_3.pt",)
