"""Outcomes: not all matched, read without a look at which it is."""

from typing import assert_never

from firesteel import Completed, Engine, Failed, Interrupted, RunOutcome, StopCause, Stopped


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


def forgets_one(outcome: RunOutcome) -> int:
    match outcome:
        case Completed():
            return 0
        case Stopped():
            return 1
        case Failed():
            return 2
        case _:
            assert_never(outcome)  # E: Interrupted


def forgets_two(outcome: RunOutcome) -> int:
    if isinstance(outcome, Completed | Stopped):
        return 0
    assert_never(outcome)  # E


def forgets_a_cause(cause: StopCause) -> int:
    match cause:
        case StopCause.TERMINATED:
            return 1
        case _:
            assert_never(cause)  # E


def misreads(outcome: RunOutcome) -> None:
    match outcome:
        case Stopped(cause, reason):
            print(cause.upper())  # E
            print(reason.value)  # E
        case Failed(error):
            print(error.args)  # E: a text
        case Completed() | Interrupted():
            print(outcome.reason)  # E


def takes_apart(outcome: RunOutcome) -> None:
    match outcome:
        case Completed(iteration):  # E: has nothing to give
            print(iteration)
        case _:
            print(outcome)


trainer = Engine(step)
print(trainer.outcome.error)  # E
print(trainer.outcome.cause)  # E
print(trainer.outcome())  # E: a property
trainer.outcome = Completed()  # E
text: str = trainer.outcome  # E
print(Stopped())  # E
print(Stopped("terminated"))  # E
print(Stopped(StopCause.TERMINATED, 3))  # E
print(Failed(ValueError("a")))  # E: a text
print(Failed())  # E
print(Completed(1))  # E
Stopped(StopCause.TERMINATED).reason = "other"  # E
print(StopCause.INTERRUPTED)  # E
print(StopCause.TERMINATED.reason)  # E


class More(Completed):  # E: final
    pass


misreads(trainer.outcome)
