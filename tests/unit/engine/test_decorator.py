"""What ``on`` gives back: a decorator that leaves the function as it is."""

from firesteel.engine import Engine, HandlerDecorator
from firesteel.events import Events


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


def test_a_decorated_function_stays_itself() -> None:
    def handler(engine: Engine[int, int]) -> int:
        return 3

    decorated = Engine(step).on(Events.STARTED)(handler)
    assert decorated is handler


def test_decorating_adds_the_function_once() -> None:
    added: list[object] = []
    decorator: HandlerDecorator[Engine[int, int]] = HandlerDecorator(added.append)

    @decorator
    def handler() -> None:
        pass

    assert added == [handler]


def test_the_decorators_of_two_engines_can_be_stacked() -> None:
    first, second = Engine(step), Engine(step)
    log: list[object] = []

    @first.on(Events.STARTED)
    @second.on(Events.COMPLETED)
    def note(engine: Engine[int, int]) -> None:
        log.append(engine)

    first.run([1])
    second.run([1])
    assert log == [first, second]
    assert first.has_event_handler(note, Events.STARTED)
