"""TorchMetric: metrics of torchmetrics give what they give, on one process and on several."""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import pytest
import torch
import torchmetrics
from torch import Tensor, distributed
from torch.utils._python_dispatch import TorchDispatchMode
from torchmetrics import classification, regression, retrieval, wrappers
from torchmetrics.image import PeakSignalNoiseRatio, StructuralSimilarityIndexMeasure
from torchmetrics.text import CharErrorRate, Perplexity
from torchmetrics.text.rouge import ROUGEScore
from typing_extensions import TypeIs, override

from firesteel.engine import Engine
from firesteel.errors import (
    ArgumentTypeError,
    MissingExtraError,
    NotComputableError,
)
from firesteel.metrics import Average, BatchWise, RunningAverage, over_all_ranks
from firesteel.metrics._torchmetrics import TorchMetric
from firesteel.testing import RankPool

# of metrics that keep all data, and of classes that a batch does not have
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:torchmetrics.utilities.prints")

NUM_CLASSES: Final = 4

MakeInput = Callable[[torch.Generator, int], tuple[object, ...]]


class Boxes(torchmetrics.Metric):
    """Keeps tensors of several shapes apart, as metrics of detection do."""

    full_state_update: bool | None = False
    boxes: list[Tensor]
    labels: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("boxes", default=[], dist_reduce_fx=None)
        self.add_state("labels", default=[], dist_reduce_fx=None)

    @override
    def update(self, boxes: list[Tensor], labels: list[Tensor]) -> None:
        self.boxes += boxes
        self.labels += labels

    @override
    def compute(self) -> Tensor:
        # what it gives depends on where each image begins
        means = [
            box.sum() * len(label) / (1 + label.sum())
            for box, label in zip(self.boxes, self.labels, strict=True)
        ]
        return torch.stack(means).square().sum()


def added_up(parts: Tensor) -> Tensor:
    return parts.sum(dim=0)


class Reductions(torchmetrics.Metric):
    """A state of each kind."""

    full_state_update: bool | None = False
    total: Tensor
    middle: Tensor
    largest: Tensor
    smallest: Tensor
    squares: Tensor
    vector: Tensor
    all: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        zero = torch.tensor(0.0)
        self.add_state("total", default=zero, dist_reduce_fx="sum")
        self.add_state("middle", default=zero, dist_reduce_fx="mean")
        self.add_state("largest", default=torch.tensor(-torch.inf), dist_reduce_fx="max")
        self.add_state("smallest", default=torch.tensor(torch.inf), dist_reduce_fx="min")
        self.add_state("squares", default=zero, dist_reduce_fx=added_up)
        self.add_state("vector", default=torch.zeros(2), dist_reduce_fx=added_up)
        self.add_state("all", default=[], dist_reduce_fx="cat")

    @override
    def update(self, value: Tensor) -> None:
        self.total = self.total + value.sum()
        self.middle = value.mean()
        self.largest = torch.maximum(self.largest, value.max())
        self.smallest = torch.minimum(self.smallest, value.min())
        self.squares = self.squares + value.square().sum()
        self.vector = self.vector + torch.stack([value.sum(), value.sum()])
        self.all.append(value.sum())

    @override
    def compute(self) -> Tensor:
        states = [self.total, self.middle, self.largest, self.smallest, self.squares]
        total = torch.cat([part.reshape(-1) for part in self.all]).sum()
        return torch.stack([*states, *self.vector, total])


def classes(generator: torch.Generator, size: int) -> tuple[object, ...]:
    return (
        torch.randn(size, NUM_CLASSES, generator=generator),
        torch.randint(NUM_CLASSES, (size,), generator=generator),
    )


def binary(generator: torch.Generator, size: int) -> tuple[object, ...]:
    return (
        torch.rand(size, generator=generator),
        torch.randint(2, (size,), generator=generator),
    )


def numbers(generator: torch.Generator, size: int) -> tuple[object, ...]:
    both = torch.randn(2, size, generator=generator) + 3
    return both[0], both[1]


def columns(generator: torch.Generator, size: int) -> tuple[object, ...]:
    both = torch.randn(2, size, 2, generator=generator)
    return both[0], both[1]


def value(generator: torch.Generator, size: int) -> tuple[object, ...]:
    return (torch.randn(size, generator=generator),)


def queries(generator: torch.Generator, size: int) -> tuple[object, ...]:
    return (*binary(generator, size), torch.randint(3, (size,), generator=generator))


def images(generator: torch.Generator, size: int) -> tuple[object, ...]:
    both = torch.rand(2, size, 1, 16, 16, generator=generator)
    return both[0], both[1]


def tokens(generator: torch.Generator, size: int) -> tuple[object, ...]:
    return (
        torch.randn(size, 5, 7, generator=generator),
        torch.randint(7, (size, 5), generator=generator),
    )


def words(generator: torch.Generator, size: int) -> tuple[object, ...]:
    letters = torch.randint(97, 100, (2, size, 6), generator=generator)
    return tuple([" ".join(chr(int(code)) for code in row) for row in rows] for rows in letters)


def boxes(generator: torch.Generator, size: int) -> tuple[object, ...]:
    nums = [int(torch.randint(4, (), generator=generator)) for _ in range(size)]
    return (
        [torch.rand(num, 4, generator=generator) for num in nums],
        [torch.randint(9, (num,), generator=generator) for num in nums],
    )


def collection() -> Any:
    return torchmetrics.MetricCollection(
        {
            "accuracy": classification.MulticlassAccuracy(NUM_CLASSES),
            "f1": classification.MulticlassF1Score(NUM_CLASSES),
            "auroc": classification.MulticlassAUROC(NUM_CLASSES),
        },
        prefix="val_",
    )


def composed() -> Any:
    return classification.BinaryPrecision() + 2 * classification.BinaryRecall()


# of torchmetrics, with no type that all of them have but Any
METRICS: Final[Mapping[str, tuple[Callable[[], Any], MakeInput]]] = {
    "accuracy": (lambda: classification.MulticlassAccuracy(NUM_CLASSES), classes),
    "f1": (lambda: classification.MulticlassF1Score(NUM_CLASSES, average=None), classes),
    "auroc": (classification.BinaryAUROC, binary),
    "binned": (lambda: classification.BinaryAveragePrecision(thresholds=5), binary),
    "roc": (lambda: classification.MulticlassROC(NUM_CLASSES), classes),
    "confusion": (lambda: classification.MulticlassConfusionMatrix(NUM_CLASSES), classes),
    "calibration": (classification.BinaryCalibrationError, binary),
    "mse": (torchmetrics.MeanSquaredError, numbers),
    "r2": (lambda: regression.R2Score(multioutput="raw_values"), columns),
    "spearman": (torchmetrics.SpearmanCorrCoef, numbers),
    "pearson": (torchmetrics.PearsonCorrCoef, numbers),
    "mean": (torchmetrics.MeanMetric, value),
    "max": (torchmetrics.MaxMetric, value),
    "cat": (torchmetrics.CatMetric, value),
    "map": (retrieval.RetrievalMAP, queries),
    "psnr": (lambda: PeakSignalNoiseRatio(data_range=1.0), images),
    "ssim": (lambda: StructuralSimilarityIndexMeasure(data_range=1.0), images),
    "perplexity": (Perplexity, tokens),
    "cer": (CharErrorRate, words),
    "rouge": (lambda: ROUGEScore(rouge_keys=("rouge1", "rougeL")), words),
    "boxes": (Boxes, boxes),
    "collection": (collection, classes),
    "composed": (composed, binary),
    "classwise": (
        lambda: wrappers.ClasswiseWrapper(
            classification.MulticlassAccuracy(NUM_CLASSES, average=None)
        ),
        classes,
    ),
    "outputs": (
        lambda: wrappers.MultioutputWrapper(torchmetrics.MeanAbsoluteError(), num_outputs=2),
        columns,
    ),
}

each = pytest.mark.parametrize("name", METRICS)


def batches(name: str, sizes: Sequence[int], seed: int = 0) -> list[tuple[object, ...]]:
    generator = torch.Generator().manual_seed(seed)
    return [METRICS[name][1](generator, size) for size in sizes]


def is_mapping(value: object) -> TypeIs[dict[str, object]]:
    return isinstance(value, dict)


def is_row(value: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)


def plain(result: object) -> object:
    """Give a result that can be compared by value."""
    if isinstance(result, Tensor):
        return [plain(entry) for entry in result] if result.ndim else float(result)
    if is_mapping(result):
        return {key: plain(entry) for key, entry in result.items()}
    if is_row(result):
        return [plain(entry) for entry in result]
    return result


def expected(name: str, values: Iterable[tuple[object, ...]]) -> object:
    """Give what torchmetrics itself makes of these, in one process."""
    metric: Any = METRICS[name][0]()
    for one in values:
        metric.update(*one)
    return plain(metric.compute())


def is_close(one: object, other: object) -> bool:
    if is_mapping(one) and is_mapping(other):
        return list(one) == list(other) and all(is_close(one[key], other[key]) for key in one)
    if is_row(one) and is_row(other):
        return len(one) == len(other) and all(map(is_close, one, other))
    return bool(one == pytest.approx(other, rel=1e-5, abs=1e-6, nan_ok=True))


@each
def test_it_gives_what_torchmetrics_gives(name: str) -> None:
    metric = TorchMetric(METRICS[name][0]())
    values = batches(name, [4, 1, 6])
    for one in values:
        metric.update(one)
    theirs = expected(name, values)
    assert plain(metric.compute()) == plain(metric.compute())
    assert is_close(plain(metric.compute()), theirs)
    metric.reset()
    for one in values[:1]:
        metric.update(one)
    assert is_close(plain(metric.compute()), expected(name, values[:1]))


@each
def test_attached_it_gives_the_same_for_each_epoch(name: str) -> None:
    values = batches(name, [4, 3])

    def give(engine: Engine[int, list[object]], batch: int) -> list[object]:
        return list(values[batch])

    evaluator = Engine(give)
    key = evaluator.attach(TorchMetric(METRICS[name][0](), lambda out: (*out,)), "metric")
    theirs = expected(name, values)
    for _ in range(2):
        assert is_close(plain(evaluator.run([0, 1]).metrics[key]), theirs)


@each
def test_it_goes_on_where_another_stood(name: str) -> None:
    one, other = (TorchMetric(METRICS[name][0]()) for _ in range(2))
    first, second = batches(name, [4, 5])
    one.update(first)
    saved = one.state_dict()
    text = str(saved)
    one.update(second)
    assert str(saved) == text
    other.load_state_dict(saved)
    other.update(second)
    assert is_close(plain(other.compute()), plain(one.compute()))
    assert str(saved) == text


@each
def test_two_are_merged(name: str) -> None:
    one, other = (TorchMetric(METRICS[name][0]()) for _ in range(2))
    first, second = batches(name, [4, 5])
    one.update(first)
    other.update(second)
    before = plain(other.compute())
    if name == "pearson":  # it does not say how
        with pytest.raises(ArgumentTypeError, match="must say how they are merged"):
            one.merge(other)
        return
    one.merge(other)
    assert is_close(plain(one.compute()), expected(name, [first, second]))
    assert plain(other.compute()) == before


# over ranks


def result_of_ranks(names: Sequence[str], sizes: Sequence[Sequence[int]]) -> dict[str, object]:
    results: dict[str, object] = {}
    for name in names:
        rank, nums = distributed.get_rank(), [len(part) for part in sizes]
        values = batches(name, [size for part in sizes for size in part])
        start = sum(nums[:rank])
        metric = TorchMetric(METRICS[name][0]())
        for one in values[start : start + nums[rank]]:
            metric.update(one)
        own = str(metric.state_dict())
        with over_all_ranks(metric), warnings.catch_warnings():
            warnings.filterwarnings("error", ".*was called before the ``update``")
            results[name] = plain(metric.compute())
        assert str(metric.state_dict()) == own
    return results


def check_ranks(pool: RankPool, sizes: Sequence[Sequence[int]]) -> None:
    values = [size for part in sizes for size in part]
    theirs = {name: expected(name, batches(name, values)) for name in METRICS}
    if sizes.count([]) > 1:
        theirs.pop("pearson")  # torchmetrics divides by no samples where two have none
    for results in pool.run(result_of_ranks, list(theirs), sizes):
        assert [name for name in theirs if not is_close(results[name], theirs[name])] == []


@pytest.mark.distributed
@pytest.mark.parametrize("sizes", [[[4, 3], [6]], [[], [5, 4]], [[5, 2], [1]], [[8], []]])
def test_two_ranks_give_what_one_process_gives(
    two_ranks: RankPool, sizes: Sequence[Sequence[int]]
) -> None:
    check_ranks(two_ranks, sizes)


@pytest.mark.distributed
@pytest.mark.parametrize("sizes", [[[4], [3, 3], [1]], [[], [5, 4], []], [[5], [], [2, 2]]])
def test_three_ranks_give_what_one_process_gives(
    three_ranks: RankPool, sizes: Sequence[Sequence[int]]
) -> None:
    check_ranks(three_ranks, sizes)


def nothing_on_any_rank() -> list[str]:
    messages: list[str] = []
    for make, _ in METRICS.values():
        metric = TorchMetric(make())
        with pytest.raises(NotComputableError) as caught, over_all_ranks(metric):
            metric.compute()
        messages.append(str(caught.value))
    return messages


@pytest.mark.distributed
def test_no_rank_has_seen_anything(two_ranks: RankPool) -> None:
    for messages in two_ranks.run(nothing_on_any_rank):
        assert "TorchMetric: MulticlassAccuracy needs at least one update" in messages
        assert len(messages) == len(METRICS)


def all_reductions() -> object:
    metric = TorchMetric(Reductions())
    if distributed.get_rank():
        metric.update((torch.tensor([1.0, 5.0]),))
        metric.update((torch.tensor([4.0]),))
    else:
        metric.update((torch.tensor([2.0, 0.0]),))
    with over_all_ranks(metric):
        return plain(metric.compute())


@pytest.mark.distributed
def test_each_state_is_reduced_as_it_says(two_ranks: RankPool) -> None:
    # the mean is the plain one, of 4 and 1
    result = [12.0, 2.5, 5.0, 0.0, 46.0, 12.0, 12.0, 12.0]
    assert two_ranks.run(all_reductions) == [result, result]


def collectives_for(names: Sequence[str]) -> list[str]:
    sent: list[str] = []

    def counted(name: str) -> Callable[..., object]:
        original = getattr(distributed, name)

        def call(*args: object, **kwargs: object) -> object:
            sent.append(name)
            return original(*args, **kwargs)

        return call

    def give(engine: Engine[int, int], batch: int) -> int:
        return batch

    evaluator = Engine(give)
    evaluator.attach(Average(), "average")
    for number, name in enumerate(names):

        def select(batch: int, name: str = name) -> tuple[object, ...]:
            return batches(name, [4])[0]

        evaluator.attach(TorchMetric(METRICS[name][0](), select), f"metric {number}")
    calls = ("all_reduce", "all_gather", "all_gather_object", "broadcast", "barrier", "gather")
    with pytest.MonkeyPatch.context() as patch:
        for call in calls:
            patch.setattr(distributed, call, counted(call))
        evaluator.run([0, 1])
    return sent


@pytest.mark.distributed
def test_the_number_of_collectives_does_not_grow(two_ranks: RankPool) -> None:
    of_sums = ["all_gather", "all_reduce"]
    assert two_ranks.run(collectives_for, ["accuracy"]) == [of_sums] * 2
    assert two_ranks.run(collectives_for, ["accuracy", "mse", "confusion"] * 3) == [of_sums] * 2
    of_all = ["all_gather", "all_reduce", "all_reduce", "all_gather"]
    assert two_ranks.run(collectives_for, [*METRICS, *METRICS]) == [of_all] * 2


# the rest


def test_what_is_loaded_is_computed_from_and_no_earlier_result_given() -> None:
    one, other = (TorchMetric(torchmetrics.MeanMetric(), convert=float) for _ in range(2))
    one.update((1.0,))
    other.update((3.0,))
    assert (one.compute(), other.compute()) == (1.0, 3.0)
    other.load_state_dict(one.state_dict())
    assert other.compute() == 1.0


def test_the_metric_that_was_given_stays_as_it_is() -> None:
    theirs = torchmetrics.MeanMetric()
    theirs.update(5.0)
    ours = TorchMetric(theirs, convert=float)
    ours.update((torch.tensor([1.0, 2.0]),))
    assert ours.compute() == 1.5
    assert float(theirs.compute()) == 5.0


def test_the_result_can_be_converted() -> None:
    metric = TorchMetric(torchmetrics.MeanMetric(), convert=lambda mean: f"{mean:.1f}")
    metric.update((2.0,))
    assert metric.compute() == "2.0"


def test_nothing_seen_is_nothing_to_compute() -> None:
    metric = TorchMetric(torchmetrics.MeanSquaredError())
    metric.update((torch.ones(0), torch.ones(0)))
    with pytest.raises(NotComputableError) as caught:
        metric.compute()
    assert str(caught.value) == "TorchMetric: MeanSquaredError needs at least one update"


def test_wrong_arguments_are_refused() -> None:
    make: Any = TorchMetric
    for wrong in ("accuracy", torch.nn.Linear(1, 1), classification.MulticlassAccuracy, Average()):
        with pytest.raises(ArgumentTypeError, match="metric must be a metric of torchmetrics, got"):
            make(wrong)
    with pytest.raises(ArgumentTypeError, match="convert must be callable, got 3"):
        make(torchmetrics.MeanMetric(), convert=3)
    with pytest.raises(
        ArgumentTypeError, match="value must be the arguments of MeanMetric as a tuple, got 3"
    ):
        make(torchmetrics.MeanMetric()).update(3)


def test_a_metric_of_another_class_is_not_merged() -> None:
    one = TorchMetric(torchmetrics.MeanMetric())
    with pytest.raises(ArgumentTypeError, match="other must be of MeanMetric"):
        one.merge(TorchMetric(torchmetrics.MaxMetric()))


def test_a_list_with_a_reduction_of_its_own_is_refused() -> None:
    class Own(Boxes):
        def __init__(self) -> None:
            super().__init__()
            self.add_state("own", default=[], dist_reduce_fx=len)

    with pytest.raises(ArgumentTypeError, match="the state 'own' of Own must be reduced by 'cat'"):
        TorchMetric(Own())


def test_a_list_of_other_things_than_tensors_is_refused() -> None:
    metric = TorchMetric(Boxes())
    wrong: Any = ([(1, 2)], [torch.ones(1)])
    metric.update(wrong)
    with pytest.raises(ArgumentTypeError, match="the state 'boxes' of Boxes must hold tensors"):
        metric.state_dict()


@pytest.mark.parametrize("make", [torchmetrics.CatMetric, Boxes])
def test_what_is_kept_is_no_input_and_has_no_graph(make: Callable[[], Any]) -> None:
    metric = TorchMetric(make())
    buffer = torch.ones(2, requires_grad=True)
    metric.update((buffer,) if make is torchmetrics.CatMetric else ([buffer], [buffer]))
    before = plain(metric.compute())
    with torch.no_grad():
        buffer.zero_()
    result: Tensor = metric.compute()
    assert plain(result) == before
    assert not result.requires_grad


def test_each_batch_alone_and_smoothed() -> None:
    def give(engine: Engine[int, tuple[Tensor]], batch: int) -> tuple[Tensor]:
        return (torch.tensor([1.0, 3.0]) * batch,)

    trainer = Engine(give)
    mean = TorchMetric(torchmetrics.MeanMetric())
    alone = mean.attach(trainer, "alone", usage=BatchWise())
    smooth = RunningAverage(src=mean, alpha=0.5).attach(trainer, "smooth")
    metrics = trainer.run([1, 2]).metrics
    assert metrics[alone].item() == 4.0
    assert metrics[smooth] == 3.0


class Waits(TorchDispatchMode):
    """Lists what has to see values."""

    found: list[str]

    @override
    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: Iterable[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        if str(func).split(".")[1] in {"_local_scalar_dense", "nonzero", "is_nonzero", "equal"}:
            self.found.append(str(func))
        return func(*args, **(kwargs or {}))


def waits() -> Waits:
    make: Callable[[], Waits] = Waits  # torch's constructor is not typed
    listing = make()
    listing.found = []
    return listing


def test_an_update_waits_no_more_than_the_metric_does() -> None:
    metric = TorchMetric(classification.MulticlassAccuracy(NUM_CLASSES, validate_args=False))
    with waits() as listing:
        for one in batches("accuracy", [4, 5]):
            metric.update(one)
    assert listing.found == []


def test_without_the_package_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    mean = torchmetrics.MeanMetric()
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    with pytest.raises(MissingExtraError) as caught:
        TorchMetric(mean)
    assert str(caught.value) == (
        "TorchMetric: needs the package 'torchmetrics'; pip install 'firesteel[torchmetrics]'"
    )


def test_importing_firesteel_does_not_import_it() -> None:
    code = "import sys, firesteel.metrics._torchmetrics; print('torchmetrics' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
