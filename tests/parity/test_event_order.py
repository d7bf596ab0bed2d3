"""The order of events, ours against ignite's: the same, save for what is listed here with a reason.

Each scenario is played on both engines. What is compared is every event with the epoch and the
iteration in which it was heard, every call of the process function with its batch, and whether an
error came out.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from types import MappingProxyType

# Any: two engines of two libraries behind one shape, and one of them is not typed
from typing import Any, Final, Protocol, TypeAlias

import pytest
from typing_extensions import override

from firesteel.engine import Engine
from firesteel.events import Events

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),  # while ignite is imported
]

Log: TypeAlias = list[tuple[object, ...]]
Data: TypeAlias = Iterable[int] | None
Limit: TypeAlias = Mapping[str, int]

MOST: Final = 300
"""ignite fires events for ever in some scenarios; this many are enough to see a difference."""

EVENTS: Final = tuple(event.name for event in Events)

BATCHES: Final = range(3)


class Unsized:
    """Data that can be read again and does not tell its length."""

    def __iter__(self) -> Iterator[int]:
        return iter(BATCHES)


def sized() -> Data:
    return BATCHES


def unsized() -> Data:
    return Unsized()


def long_iterator() -> Data:
    return iter(range(100))


def short_iterator() -> Data:
    return iter(range(4))


def no_data() -> Data:
    return None


class TooLongError(Exception):
    """A run that would never end was ended."""


@dataclass
class Player:
    """Writes down what an engine does, and asks for something at one firing of one event."""

    log: Log
    ask: str | None = None
    at: str | None = None
    nth: int = 1

    def step(self, engine: Any, batch: object) -> None:
        self.log.append(("step", engine.state.epoch, engine.state.iteration, batch))

    def hear(self, engine: Any, name: str) -> None:
        self.log.append((name, engine.state.epoch, engine.state.iteration))
        if len(self.log) > MOST:
            raise TooLongError
        if name == self.at and self.ask is not None and self.num_heard(name) == self.nth:
            getattr(engine, self.ask)()

    def num_heard(self, name: str) -> int:
        return sum(entry[0] == name for entry in self.log)


class Make(Protocol):
    """Makes an engine that a player listens to."""

    def __call__(self, player: Player) -> Any: ...


def make_ours(player: Player) -> Any:
    engine: Engine[Any, None] = Engine(player.step)
    for event in Events:
        engine.add_event_handler(event, player.hear, event.name)
    return engine


def make_theirs(player: Player) -> Any:
    ignite: Any = import_module("ignite.engine")
    engine = ignite.Engine(player.step)

    def listen_to(name: str) -> None:
        def hear(*_args: object, **_kwargs: object) -> None:  # some events hand over more
            player.hear(engine, name)

        engine.add_event_handler(ignite.Events[name], hear)

    for name in EVENTS:
        listen_to(name)
    return engine


def played(make: Make, player: Player, data: Data, *limits: Mapping[str, int | None]) -> Log:
    """Run an engine with one limit after the other, and go on with it where it was interrupted."""
    log, engine = player.log, make(player)
    for limit in limits:
        for _ in range(3):
            try:
                engine.run(data, **limit)
            except TooLongError:
                log.append(("never ends",))
            except Exception:  # noqa: BLE001  # the two libraries raise errors of their own
                log.append(("error",))
            if log[-1][0] != "INTERRUPT":
                break
    return log


@dataclass(frozen=True)
class Setting:
    """Data, the length of an epoch, and how far the run goes."""

    data: Callable[[], Data]
    epoch_length: int | None
    limits: tuple[Limit, ...]

    def played(self, make: Make, ask: str | None = None, at: str = "", nth: int = 1) -> Log:
        limits = [{**limit, "epoch_length": self.epoch_length} for limit in self.limits]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning)  # data that is spent
            return played(make, Player([], ask, at, nth), self.data(), *limits)

    @override
    def __str__(self) -> str:
        limits = "+".join(f"{name}={n}" for limit in self.limits for name, n in limit.items())
        return f"{self.data.__name__} {self.epoch_length} {limits}"


# requests at every event

SETTINGS: Final = [
    Setting(data, epoch_length, (limit,))
    for data, epoch_length in [
        (sized, None),
        (sized, 2),
        (sized, 5),
        (unsized, 2),
        (unsized, 5),
        (long_iterator, 3),
        (no_data, 3),
    ]
    for limit in ({"max_epochs": 1}, {"max_epochs": 3}, {"max_iters": 4})
]

REQUESTS: Final = ("terminate", "terminate_epoch", "interrupt")

DIFFERENT_REQUESTS: Final = MappingProxyType(
    {
        ("terminate_epoch", "EPOCH_STARTED"): (
            "the epoch ends at once; ignite has no epoch yet and lets a RuntimeError out"
        ),
        ("terminate_epoch", "TERMINATE"): (
            "there is no epoch any more, and that is said; ignite keeps a flag nobody reads"
        ),
        ("terminate_epoch", "COMPLETED"): (
            "there is no epoch any more, and that is said; ignite keeps a flag nobody reads"
        ),
        ("interrupt", "DATALOADER_STOP_ITERATION"): (
            "the batch was asked for already; ignite's continuation fires GET_BATCH_STARTED twice"
        ),
    }
)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_without_a_request_the_events_are_the_same(setting: Setting) -> None:
    assert setting.played(make_ours) == setting.played(make_theirs)


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_request_at_any_event_is_answered_alike_or_is_listed(
    setting: Setting, request_: str
) -> None:
    for event, nth in product(EVENTS, (1, 2)):
        ours = setting.played(make_ours, request_, event, nth)
        theirs = setting.played(make_theirs, request_, event, nth)
        was_made = Counter(entry[0] for entry in theirs)[event] >= nth
        is_listed = (request_, event) in DIFFERENT_REQUESTS
        assert (ours != theirs) == (was_made and is_listed), f"{event}, firing {nth}"


@pytest.mark.parametrize(("request_", "event"), list(DIFFERENT_REQUESTS))
def test_each_listed_request_differs_somewhere(request_: str, event: str) -> None:
    assert any(
        setting.played(make_ours, request_, event) != setting.played(make_theirs, request_, event)
        for setting in SETTINGS
    )


# one run after the other, and what data does at its end

SAME: Final = [
    Setting(unsized, None, ({"max_epochs": 1},)),
    Setting(unsized, None, ({"max_iters": 2},)),
    Setting(short_iterator, None, ({"max_epochs": 1},)),
    Setting(short_iterator, 4, ({"max_epochs": 1},)),
    Setting(short_iterator, 2, ({"max_epochs": 2},)),
    Setting(short_iterator, 6, ({"max_epochs": 1},)),
    Setting(sized, None, ({}, {})),
    Setting(sized, None, ({"max_epochs": 2}, {"max_epochs": 2})),
    Setting(sized, None, ({"max_iters": 4}, {"max_iters": 4})),
    Setting(sized, None, ({"max_epochs": 2}, {"max_epochs": 1})),
    Setting(sized, None, ({"max_iters": 4}, {"max_iters": 2})),
    Setting(sized, None, ({"max_epochs": 2}, {"max_iters": 9})),
    Setting(no_data, 3, ({"max_epochs": 1}, {"max_epochs": 3})),
]

DIFFERENT: Final = [
    (
        Setting(unsized, None, ({"max_epochs": 2},)),
        "an epoch of data without a length is one pass each; ignite takes the first one's length",
    ),
    (
        Setting(unsized, None, ({"max_iters": 6},)),
        "an epoch of data without a length is one pass each; ignite takes the first one's length",
    ),
    (
        Setting(short_iterator, None, ({"max_epochs": 2},)),
        "an epoch without iterations is not completed; ignite fires EPOCH_COMPLETED",
    ),
    (
        Setting(short_iterator, 3, ({"max_epochs": 3},)),
        "a run whose data is spent is over; ignite goes on with epochs without iterations",
    ),
    (
        Setting(short_iterator, 3, ({"max_iters": 6},)),
        "a run whose data is spent is over; ignite goes on with epochs without iterations",
    ),
    (Setting(sized, None, ({"max_epochs": 0},)), "refused; ignite runs an engine of no epochs"),
    (
        Setting(sized, None, ({"max_epochs": 2}, {})),
        "a complete run is repeated with its limit; ignite repeats one epoch",
    ),
    (
        Setting(sized, None, ({"max_iters": 4}, {})),
        "a complete run is repeated with its limit; ignite repeats one epoch",
    ),
    (
        Setting(sized, None, ({"max_iters": 4}, {"max_iters": 6})),
        "the epoch that the limit cut is gone on with; ignite begins a new one",
    ),
]


@pytest.mark.parametrize("setting", SAME, ids=str)
def test_runs_are_the_same(setting: Setting) -> None:
    assert setting.played(make_ours) == setting.played(make_theirs)


@pytest.mark.parametrize(("setting", "reason"), DIFFERENT, ids=str)
def test_runs_that_are_listed_differ(setting: Setting, reason: str) -> None:
    assert setting.played(make_ours) != setting.played(make_theirs)


# errors


@dataclass
class FailingPlayer(Player):
    """Raises at one firing of one event, and then never again."""

    @override
    def hear(self, engine: Any, name: str) -> None:
        self.log.append((name, engine.state.epoch, engine.state.iteration))
        if name == self.at and self.num_heard(name) == self.nth:
            raise KeyError(name)


@pytest.mark.parametrize("event", EVENTS)
def test_an_error_ends_the_run_at_the_same_place(event: str) -> None:
    limit = {"max_epochs": 2, "epoch_length": 4}
    ours = played(make_ours, FailingPlayer([], None, event), BATCHES, limit)
    theirs = played(make_theirs, FailingPlayer([], None, event), BATCHES, limit)
    assert ours == theirs


def test_a_run_that_failed_is_gone_on_with_where_ignite_does_nothing() -> None:
    limit = {"max_epochs": 2}
    ours = played(make_ours, FailingPlayer([], None, "ITERATION_STARTED", 5), BATCHES, limit, limit)
    theirs = played(
        make_theirs, FailingPlayer([], None, "ITERATION_STARTED", 5), BATCHES, limit, limit
    )
    assert ours[: len(theirs)] == theirs
    assert theirs[-1] == ("error",)
    assert ours[-1] == ("COMPLETED", 2, 6)
    assert [entry[3] for entry in ours if entry[0] == "step"] == [0, 1, 2, 0, 1, 2]


def test_a_run_that_was_terminated_is_gone_on_with_in_its_epoch_where_ignite_begins_another() -> (
    None
):
    limit = {"max_epochs": 2}
    ours = played(make_ours, Player([], "terminate", "ITERATION_STARTED", 2), BATCHES, limit, limit)
    theirs = played(
        make_theirs, Player([], "terminate", "ITERATION_STARTED", 2), BATCHES, limit, limit
    )
    assert ours != theirs
    assert ours[-1] == ("COMPLETED", 2, 6)
    assert theirs[-1] == ("COMPLETED", 2, 5)
