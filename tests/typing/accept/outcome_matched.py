"""How a run ended, matched to the last case."""

from typing import assert_never, assert_type

from firesteel import Completed, Engine, Failed, Interrupted, RunOutcome, StopCause, Stopped


def step(engine: Engine[float, float], batch: float) -> float:
    if batch < 0:
        engine.terminate(reason="below zero")
    if batch == 7:
        engine.interrupt()
    return 1 / batch


def exit_code(outcome: RunOutcome) -> int:
    match outcome:
        case Completed():
            return 0
        case Stopped(cause, reason):
            assert_type(reason, str)
            match cause:
                case StopCause.TERMINATED:
                    return 1
                case StopCause.DATA_EXHAUSTED:
                    return 2
                case _:
                    assert_never(cause)
        case Interrupted():
            return 3
        case Failed(error):
            assert_type(error, str)
            return 4
        case _:
            assert_never(outcome)


def explain(outcome: RunOutcome) -> str:
    if isinstance(outcome, Stopped):
        return f"{outcome.cause.value}: {outcome.reason}"
    if isinstance(outcome, Failed):
        return outcome.error
    assert_type(outcome, Completed | Interrupted)
    return type(outcome).__name__


def main() -> None:
    trainer = Engine(step)
    trainer.run([1.0])
    assert_type(trainer.outcome, RunOutcome)
    assert exit_code(trainer.outcome) == 0
    trainer.run([-1.0, 2.0])
    assert exit_code(trainer.outcome) == 1
    assert explain(trainer.outcome) == "terminated: below zero"
    trainer.run([7.0, 2.0])
    assert exit_code(trainer.outcome) == 3
    trainer.reset()
    try:
        trainer.run([0.0])
    except ZeroDivisionError:
        assert exit_code(trainer.outcome) == 4


if __name__ == "__main__":
    main()
