"""PredictionWriter: every sample is read once and in order, or nothing is."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from firesteel.distributed import get_rank, get_world_size
from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, DataError
from firesteel.events import Events
from firesteel.handlers import (
    JsonLines,
    JsonValue,
    NumpyFiles,
    PredictionFiles,
    PredictionWriter,
    TensorFiles,
    read_predictions,
)

# not public: one rank's folder, so that several can be written without processes
from firesteel.handlers._prediction_folder import RankFolder
from firesteel.testing import RankPool


def give(_engine: Engine[Tensor, Tensor], batch: Tensor) -> Tensor:
    return batch


def itself(output: Tensor) -> Tensor:
    return output


def batches(*sizes: int) -> list[Tensor]:
    """Give batches of numbers that count on."""
    return list(torch.split(torch.arange(sum(sizes)), list(sizes)))


def numbers_in(folder: Path) -> list[int]:
    return [int(one) for one in read_predictions(folder, files=TensorFiles())]


def from_behind(output: Tensor) -> Tensor:
    return 10 - output


def too_few(output: Tensor) -> Tensor:
    return output[:1]


def fractions(output: Tensor) -> Tensor:
    return output.float()


def negative(output: Tensor) -> Tensor:
    return output - 1


def writer(folder: Path, **options: Any) -> PredictionWriter[Tensor, Tensor]:
    return PredictionWriter(itself, folder=folder, files=TensorFiles(), **options)


class TestFormats:
    @pytest.mark.parametrize("files", [TensorFiles(), NumpyFiles()])
    @pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.bool, torch.float16])
    def test_tensors_come_back_as_they_were(
        self, files: PredictionFiles[Tensor, Tensor], dtype: torch.dtype, tmp_path: Path
    ) -> None:
        rows = (torch.arange(12).reshape(3, 4) % 3).to(dtype)
        path = tmp_path / f"one{files.suffix}"
        files.write(path, rows)
        came = torch.stack(list(files.read(path)))
        assert files.num_samples(rows) == 3
        assert came.dtype == dtype
        assert torch.equal(came, rows)

    @pytest.mark.parametrize("files", [TensorFiles(), NumpyFiles()])
    def test_gradients_are_let_go_of(
        self, files: PredictionFiles[Tensor, Tensor], tmp_path: Path
    ) -> None:
        files.write(tmp_path / "one", torch.ones(2, requires_grad=True) * 2)
        assert [one.item() for one in files.read(tmp_path / "one")] == [2.0, 2.0]

    def test_of_a_view_only_what_is_seen_is_written(self, tmp_path: Path) -> None:
        TensorFiles().write(tmp_path / "one", torch.zeros(1_000_000)[:2])
        assert (tmp_path / "one").stat().st_size < 10_000

    def test_json_comes_back_as_it_was(self, tmp_path: Path) -> None:
        values: list[JsonValue] = [{"text": "é\n", "boxes": [1, 2.5, None, True]}, "a", [], 7]
        JsonLines().write(tmp_path / "one", values)
        assert JsonLines().num_samples(values) == 4
        assert JsonLines().read(tmp_path / "one") == values
        assert len((tmp_path / "one").read_text("utf-8").splitlines()) == 4

    @pytest.mark.parametrize("files", [TensorFiles(), NumpyFiles()])
    def test_what_has_no_rows_is_refused(self, files: PredictionFiles[Tensor, Tensor]) -> None:
        with pytest.raises(ArgumentError, match="must have one row per sample, got a tensor"):
            files.num_samples(torch.ones(()))
        nothing: Any = [1.0]
        with pytest.raises(ArgumentTypeError, match=r"predictions must be a tensor .* got \[1.0\]"):
            files.num_samples(nothing)


class TestWriting:
    def test_a_run_is_read_in_its_order(self, tmp_path: Path) -> None:
        engine = Engine(give)
        engine.attach(writer(tmp_path))
        engine.run(batches(3, 2, 4))
        assert numbers_in(tmp_path) == list(range(9))

    def test_there_is_one_file_per_iteration_and_no_other(self, tmp_path: Path) -> None:
        engine = Engine(give)
        engine.attach(writer(tmp_path))
        engine.run(batches(3, 2))
        names = sorted(path.name for path in (tmp_path / "rank-00000").iterdir())
        assert names == ["000000001.pt", "000000002.pt", "complete.json", "index.jsonl"]

    def test_a_second_run_takes_the_place_of_the_first(self, tmp_path: Path) -> None:
        engine = Engine(give)
        engine.attach(writer(tmp_path))
        engine.run(batches(3, 2, 1))
        engine.run(batches(1, 1))
        assert numbers_in(tmp_path) == [0, 1]

    def test_other_files_in_the_folder_stay(self, tmp_path: Path) -> None:
        (tmp_path / "rank-00000").mkdir()
        (tmp_path / "rank-00000" / "notes.txt").touch()
        engine = Engine(give)
        engine.attach(writer(tmp_path))
        engine.run(batches(1))
        assert (tmp_path / "rank-00000" / "notes.txt").exists()

    def test_a_folder_for_each_run(self, tmp_path: Path) -> None:
        engine, names = Engine(give), iter(["one", "two"])

        def folder() -> Path:
            return tmp_path / next(names)

        engine.attach(PredictionWriter(itself, folder=folder, files=TensorFiles()))
        engine.run(batches(2))
        engine.run(batches(3))
        assert numbers_in(tmp_path / "one") == [0, 1]
        assert numbers_in(tmp_path / "two") == [0, 1, 2]

    def test_removed_it_writes_nothing(self, tmp_path: Path) -> None:
        engine = Engine(give)
        handle = writer(tmp_path).attach(engine)
        handle.remove()
        engine.run(batches(1))
        assert list(tmp_path.iterdir()) == []

    def test_attached_in_the_middle_of_a_run_it_waits_for_the_next(self, tmp_path: Path) -> None:
        engine, late = Engine(give), writer(tmp_path)
        engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), lambda: late.attach(engine))
        engine.run(batches(1, 1))
        assert list(tmp_path.iterdir()) == []

    def test_numbers_that_are_given_say_the_order(self, tmp_path: Path) -> None:
        engine = Engine(give)
        engine.attach(writer(tmp_path, indices=from_behind))
        engine.run(batches(3, 2))
        assert numbers_in(tmp_path) == [4, 3, 2, 1, 0]

    @pytest.mark.parametrize(
        ("indices", "error", "match"),
        [
            (too_few, ArgumentError, "one for each of the 3 samples"),
            (fractions, ArgumentTypeError, "must be whole numbers"),
            (negative, ArgumentError, "must be at least 0, got -1"),
        ],
    )
    def test_numbers_that_make_no_sense_are_refused(
        self, indices: Any, error: type[Exception], match: str, tmp_path: Path
    ) -> None:
        engine = Engine(give)
        engine.attach(writer(tmp_path, indices=indices))
        with pytest.raises(error, match=match):
            engine.run(batches(3))


def fail() -> None:
    raise ArithmeticError


class TestIncomplete:
    def refused(self, folder: Path) -> None:
        with pytest.raises(DataError, match="rank-00000 must be complete, and is not"):
            read_predictions(folder, files=TensorFiles())

    def test_of_a_run_that_failed_nothing_is_read(self, tmp_path: Path) -> None:
        engine = Engine(give)
        engine.attach(writer(tmp_path))
        engine.run(batches(2, 2))  # a complete one before does not count
        engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), fail)
        with pytest.raises(ArithmeticError):
            engine.run(batches(2, 2))
        self.refused(tmp_path)

    @pytest.mark.parametrize("skip_completed", [True, False])
    def test_nor_of_one_that_was_stopped(self, skip_completed: bool, tmp_path: Path) -> None:
        engine = Engine(give)
        engine.attach(writer(tmp_path))
        engine.add_event_handler(
            Events.ITERATION_COMPLETED(once=1),
            lambda: engine.terminate(skip_completed=skip_completed),
        )
        engine.run(batches(2, 2))
        self.refused(tmp_path)

    def test_one_that_was_interrupted_is_read_when_it_is_complete(self, tmp_path: Path) -> None:
        engine = Engine(give)
        engine.attach(writer(tmp_path))
        engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), engine.interrupt)
        engine.run(batches(2, 2))
        self.refused(tmp_path)
        engine.run([])
        assert numbers_in(tmp_path) == [0, 1, 2, 3]

    def test_a_format_that_fails_leaves_no_file(self, tmp_path: Path) -> None:
        class Failing:
            suffix = ".x"

            def num_samples(self, predictions: Tensor) -> int:
                return len(predictions)

            def write(self, path: Path, predictions: Tensor) -> None:
                path.touch()
                raise ArithmeticError

            def read(self, path: Path) -> Sequence[int]:
                return []

        engine = Engine(give)
        engine.attach(PredictionWriter(itself, folder=tmp_path, files=Failing()))
        with pytest.raises(ArithmeticError):
            engine.run(batches(2))
        assert [path.name for path in (tmp_path / "rank-00000").iterdir()] == ["index.jsonl"]

    def test_a_run_that_goes_on_after_a_failure_goes_on_behind_what_is_there(
        self, tmp_path: Path
    ) -> None:
        engine = Engine(give)
        engine.attach(writer(tmp_path))
        handle = engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), fail)
        data = batches(2, 3, 4)
        with pytest.raises(ArithmeticError):
            engine.run(data, max_epochs=1)
        handle.remove()
        engine.run(data, max_epochs=1)
        assert numbers_in(tmp_path) == list(range(9))

    def test_a_new_process_goes_on_behind_what_a_killed_one_has_left(self, tmp_path: Path) -> None:
        killed, saved = Engine(give), list[dict[str, object]]()
        killed.attach(writer(tmp_path))
        killed.add_event_handler(
            Events.ITERATION_COMPLETED(once=2), lambda: saved.append(killed.state_dict())
        )
        killed.add_event_handler(Events.ITERATION_COMPLETED(once=3), fail)
        data = batches(2, 3, 4, 1)
        with pytest.raises(ArithmeticError):
            killed.run(data, max_epochs=1)
        # what a kill may leave: a line without an end, a file that is not whole
        own = tmp_path / "rank-00000"
        with (own / "index.jsonl").open("a", encoding="utf-8") as index:
            index.write('{"file": "0000')
        (own / "000000004.pt.unfinished").touch()
        second = Engine(give)
        second.attach(writer(tmp_path))
        second.load_state_dict(saved[0])
        second.run(data, max_epochs=1)
        assert numbers_in(tmp_path) == list(range(10))
        assert not list(own.glob("*.unfinished"))

    def test_where_the_beginning_is_missing_it_does_not_go_on(self, tmp_path: Path) -> None:
        first, second = Engine(give), Engine(give)
        first.add_event_handler(Events.ITERATION_COMPLETED(once=2), first.terminate)
        first.run(batches(1, 1, 1), max_epochs=1)
        second.load_state_dict(first.state_dict())
        second.attach(writer(tmp_path))
        with pytest.raises(DataError, match=r"go on after iteration 2, .* got those of 0"):
            second.run(batches(1, 1, 1), max_epochs=1)

    def test_a_file_that_is_gone_is_missed(self, tmp_path: Path) -> None:
        engine = Engine(give)
        engine.attach(writer(tmp_path))
        engine.run(batches(1, 1))
        index = tmp_path / "rank-00000" / "index.jsonl"
        index.write_text(index.read_text("utf-8").partition("\n")[0] + "\n", encoding="utf-8")
        with pytest.raises(DataError, match="rank-00000 must have 2 files, got 1"):
            read_predictions(tmp_path, files=TensorFiles())

    def test_an_empty_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="at least one rank, got none"):
            read_predictions(tmp_path, files=TensorFiles())

    @pytest.mark.parametrize("written", [(1,), (0, 2), (0,)])
    def test_all_ranks_have_to_be_there(self, written: tuple[int, ...], tmp_path: Path) -> None:
        for rank in written:
            folder = RankFolder(tmp_path, rank=rank, world_size=2)
            folder.begin(num_parts=0)
            folder.complete()
        with pytest.raises(DataError, match="must have the predictions of 2 ranks, got those of"):
            read_predictions(tmp_path, files=TensorFiles())


@st.composite
def ranks_of_batches(draw: st.DrawFn) -> list[list[list[int]]]:
    """Give, for each rank, its batches, as numbers of samples; some may come twice."""
    world_size = draw(st.integers(1, 3))
    number = st.integers(0, 30)
    return [draw(st.lists(st.lists(number, max_size=4), max_size=5)) for _ in range(world_size)]


@given(ranks_of_batches())
def test_whatever_was_written_where_each_sample_is_read_once_by_rising_numbers(
    ranks: list[list[list[int]]],
) -> None:
    files = TensorFiles()
    with TemporaryDirectory() as name:
        for rank, own in enumerate(ranks):
            folder = RankFolder(Path(name), rank=rank, world_size=len(ranks))
            folder.begin(num_parts=0)
            for batch in own:

                def write(path: Path, batch: list[int] = batch) -> None:
                    files.write(path, torch.tensor(batch))

                folder.write(write, suffix=".pt", num_samples=len(batch), numbers=batch)
            folder.complete()
        assert numbers_in(Path(name)) == sorted({one for own in ranks for b in own for one in b})


def predict(folder: str, *, shuffled: bool) -> None:
    """Predict 11 samples on all ranks, as a sampler deals them out: one comes twice."""
    rank, world_size = get_rank(), get_world_size()
    dealt = torch.tensor([*range(11), 0])
    own = (dealt.flip(0) if shuffled else dealt)[rank::world_size]
    engine = Engine(give)
    engine.attach(
        PredictionWriter(
            itself,
            folder=folder,
            files=TensorFiles(),
            indices=itself if shuffled else None,
        )
    )
    engine.run(torch.split(own, 4))


@pytest.mark.distributed
def test_two_ranks_in_the_order_of_a_sampler(two_ranks: RankPool, tmp_path: Path) -> None:
    two_ranks.run(predict, str(tmp_path), shuffled=False)
    assert numbers_in(tmp_path) == [*range(11), 0]  # the repeated one counts as the last


@pytest.mark.distributed
def test_two_ranks_with_numbers_drop_what_comes_twice(two_ranks: RankPool, tmp_path: Path) -> None:
    two_ranks.run(predict, str(tmp_path), shuffled=True)
    assert numbers_in(tmp_path) == list(range(11))


@pytest.mark.distributed
def test_a_run_of_one_process_in_the_folder_of_two_is_not_mixed_with_theirs(
    two_ranks: RankPool, tmp_path: Path
) -> None:
    two_ranks.run(predict, str(tmp_path), shuffled=True)
    predict(str(tmp_path), shuffled=True)
    with pytest.raises(DataError, match="must have the predictions of 1 ranks, got those of"):
        numbers_in(tmp_path)


def test_one_file_of_each_rank_is_read_at_a_time(tmp_path: Path) -> None:
    reads: list[str] = []

    class Counted:
        suffix = ".pt"

        def num_samples(self, predictions: Tensor) -> int:
            return len(predictions)

        def write(self, path: Path, predictions: Tensor) -> None:
            TensorFiles().write(path, predictions)

        def read(self, path: Path) -> Sequence[Tensor]:
            reads.append(path.name)
            return TensorFiles().read(path)

    engine = Engine(give)
    engine.attach(PredictionWriter(itself, folder=tmp_path, files=Counted()))
    engine.run(batches(2, 2, 2))
    read: Iterator[Tensor] = read_predictions(tmp_path, files=Counted())
    assert reads == []
    next(read)
    assert reads == ["000000001.pt"]
    list(read)
    assert reads == ["000000001.pt", "000000002.pt", "000000003.pt"]
