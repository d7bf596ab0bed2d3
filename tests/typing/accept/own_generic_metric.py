"""A metric of one's own for engines of any output: three type parameters, an optional transform."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, NamedTuple, assert_type, overload

from typing_extensions import TypeVar, override

from firesteel import Engine, Metric, MetricKey

ItemT = TypeVar("ItemT", bound=Hashable)
OutputT = TypeVar("OutputT", contravariant=True, default=Iterable[str])
EngineOutputT = TypeVar("EngineOutputT", contravariant=True)


class MostCommon(Metric[Iterable[str], str, OutputT]):
    """The word that came most often; overloads make the transform optional, as in Accuracy."""

    @overload
    def __init__(self: "MostCommon[Iterable[str]]", *, but: str = "") -> None: ...
    @overload
    def __init__(
        self, output_transform: Callable[[OutputT], Iterable[str]], *, but: str = ""
    ) -> None: ...
    def __init__(
        self, output_transform: Callable[[OutputT], Iterable[str]] | None = None, *, but: str = ""
    ) -> None:
        self._but = but
        super().__init__(output_transform)

    @override
    def reset(self) -> None:
        self._counts = Counter[str]()

    @override
    def update(self, value: Iterable[str], /) -> None:
        self._counts.update(word for word in value if word != self._but)

    @override
    def compute(self) -> str:
        return self._counts.most_common(1)[0][0]


class Seen(Metric[ItemT, frozenset[ItemT], EngineOutputT], Generic[ItemT, EngineOutputT]):
    """Generic in what it counts; the transform is not optional."""

    def __init__(self, output_transform: Callable[[EngineOutputT], ItemT]) -> None:
        super().__init__(output_transform)

    @override
    def reset(self) -> None:
        self._items: set[ItemT] = set()

    @override
    def update(self, value: ItemT, /) -> None:
        self._items.add(value)

    @override
    def compute(self) -> frozenset[ItemT]:
        return frozenset(self._items)


class Output(NamedTuple):
    words: list[str]
    length: int


def split(engine: Engine[str, list[str]], batch: str) -> list[str]:
    return batch.split()


def split_and_count(engine: Engine[str, Output], batch: str) -> Output:
    return Output(batch.split(), len(batch))


def length_of(output: Output) -> int:
    return output.length


splitter, counter = Engine(split), Engine(split_and_count)
plain = MostCommon(but="the").attach(splitter, "most")
picked = counter.attach(MostCommon(lambda out: out.words), "most")
late = MostCommon().attach(counter, "late", output_transform=lambda out: out.words)
lengths = Seen(length_of).attach(counter, "lengths")
assert_type(plain, MetricKey[str])
assert_type(picked, MetricKey[str])
assert_type(lengths, MetricKey[frozenset[int]])

text = ["the cat", "the dog and the cat"]
assert splitter.run(text).metrics[plain] == "cat"
state = counter.run(text)
assert_type(state.metrics[lengths], frozenset[int])
assert state.metrics[picked] == state.metrics[late] == "the"
