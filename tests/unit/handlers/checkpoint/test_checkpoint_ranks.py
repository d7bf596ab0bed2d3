"""Checkpoints of real processes: who writes, that all agree, shards, other numbers of ranks."""

import warnings
from pathlib import Path
from typing import Final

import pytest
import torch
from tests.unit.handlers.checkpoint.savers import Counter, Noting, give
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from firesteel import Engine, Events
from firesteel.errors import FiresteelError
from firesteel.handlers import (
    Checkpoint,
    CheckpointMetadata,
    DiskSaver,
    SavedCheckpoint,
    ShardedSaver,
    StatefulTree,
    collect_states,
)
from firesteel.testing import RankPool

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its package imports torch.jit
    from torch.distributed.optim import ZeroRedundancyOptimizer

pytestmark = pytest.mark.distributed

METADATA: Final = CheckpointMetadata(name="model")


def new_model() -> nn.Sequential:
    """Give the same model each time."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))


def sharded(model: nn.Module) -> nn.Module:
    """Shard a model over all ranks, on the host."""
    mesh = init_device_mesh("cpu", (distributed.get_world_size(),))
    fully_shard(model, mesh=mesh)
    return model


def train(model: nn.Module, optimizer: torch.optim.Optimizer, num_steps: int) -> None:
    """Take steps that are the same on all ranks."""
    for step in range(num_steps):
        optimizer.zero_grad()
        model(torch.full((2, 4), 1.0 + step)).square().sum().backward()
        optimizer.step()


def whole(tensors: dict[str, Tensor]) -> dict[str, list[float]]:
    """Give all numbers of a model, whatever holds them."""
    full = {
        name: one.full_tensor() if isinstance(one, DTensor) else one
        for name, one in tensors.items()
    }
    return {name: one.flatten().tolist() for name, one in full.items()}


# who writes


def save_each_iteration(folder: str, save_on_rank: int) -> tuple[list[str], list[str], list[str]]:
    """Train three iterations; give what was saved, kept and heard of here."""
    saver, trainer = Noting(), Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, saver, n_saved=2, save_on_rank=save_on_rank)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    to_disk = Checkpoint({"trainer": trainer}, Path(folder), save_on_rank=save_on_rank)
    to_disk.attach(trainer, Events.COMPLETED)
    heard: list[str] = []

    @trainer.on(Checkpoint.SAVED_CHECKPOINT)
    def note(saved: SavedCheckpoint) -> None:
        if saved.saver is not saver:
            assert (Path(folder) / saved.filename).is_file()
        heard.append(saved.filename)

    trainer.run([1.0] * 3)
    return saver.calls, list(checkpoint.kept if saver.calls else ()), heard


@pytest.mark.slow
@pytest.mark.parametrize("save_on_rank", [0, 1])
def test_one_rank_writes_and_all_hear_of_it(
    two_ranks: RankPool, tmp_path: Path, save_on_rank: int
) -> None:
    answers = two_ranks.run(save_each_iteration, str(tmp_path), save_on_rank)
    heard = ["counter_1.pt", "counter_2.pt", "counter_3.pt", "trainer_3.pt"]
    assert [answer[2] for answer in answers] == [heard, heard]
    assert answers[save_on_rank][0] == [
        "save counter_1.pt",
        "save counter_2.pt",
        "save counter_3.pt",
        "remove counter_1.pt",
    ]
    assert answers[1 - save_on_rank][0] == []
    assert answers[save_on_rank][1] == ["counter_2.pt", "counter_3.pt"]
    assert [path.name for path in tmp_path.glob("*.pt")] == ["trainer_3.pt"]


def score_differently() -> tuple[list[str], int]:
    """Score as the rank does: the ranks do not agree by themselves."""
    rank = distributed.get_rank()

    def score(engine: Engine[float, float]) -> float:
        return engine.state.output if rank == 0 else -engine.state.output

    saver, trainer = Noting(), Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, saver, score_function=score)
    trainer.attach(checkpoint, Events.ITERATION_COMPLETED)
    heard: list[SavedCheckpoint] = []
    trainer.add_event_handler(Checkpoint.SAVED_CHECKPOINT, heard.append)
    trainer.run([0.5, 0.25, 0.75])
    return saver.calls, len(heard)


def test_the_saving_rank_decides_for_all(two_ranks: RankPool) -> None:
    answers = two_ranks.run(score_differently)
    assert [num_heard for _, num_heard in answers] == [2, 2]
    assert answers[0][0] == [
        "save counter_0.5000.pt",
        "save counter_0.7500.pt",
        "remove counter_0.5000.pt",
    ]


def fail_to_save() -> tuple[str, str]:
    """Fail on rank 0; give what is raised here, and what the next save leaves."""
    saver, trainer = Noting(), Engine(give)
    saver.fails_to_save = {"counter_2.pt"}
    checkpoint = Checkpoint({"counter": Counter()}, saver)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    text = ""
    try:
        trainer.run([1.0] * 4)
    except (FiresteelError, OSError) as error:
        text = f"{type(error).__name__}: {error}"
    saver.fails_to_save = set()
    trainer.run([1.0] * 4)
    return text, ", ".join(saver.filenames())


def test_where_saving_fails_all_ranks_fail_and_the_next_save_works(two_ranks: RankPool) -> None:
    (first, left), (second, _) = two_ranks.run(fail_to_save)
    assert first.startswith("OSError: [Errno 28]")
    assert second.startswith("FiresteelError: Checkpoint: rank 0 failed with OSError: [Errno 28]")
    assert left == "counter_4.pt"


def save_zero(folder: str) -> dict[str, list[int]]:
    """Save an optimizer whose states lie on both ranks."""
    model = new_model()
    optimizer = ZeroRedundancyOptimizer(model.parameters(), optimizer_class=torch.optim.Adam)
    train(model, optimizer, 2)
    trainer = Engine(give)
    checkpoint = Checkpoint({"optimizer": optimizer, "model": model}, Path(folder))
    checkpoint.attach(trainer, Events.COMPLETED)
    trainer.run([1.0])
    return {}


def test_an_optimizer_that_is_spread_over_ranks_is_saved_whole(
    two_ranks: RankPool, tmp_path: Path
) -> None:
    two_ranks.run(save_zero, str(tmp_path))
    model = new_model()
    optimizer = torch.optim.Adam(model.parameters())
    train(model, optimizer, 2)
    other = new_model()
    loaded = torch.optim.Adam(other.parameters())
    Checkpoint.load_objects({"optimizer": loaded, "model": other}, tmp_path / "checkpoint_1.pt")
    for mine, theirs in zip(other.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)
        torch.testing.assert_close(
            loaded.state[mine]["exp_avg"], optimizer.state[theirs]["exp_avg"]
        )


# shards


def save_sharded(folder: str, kind: str) -> dict[str, list[float]]:
    """Train and save into shards; give the weights."""
    model = new_model()
    run: nn.Module = model
    if kind == "sharded":
        sharded(model)
    elif kind == "replicated":
        run = DistributedDataParallel(model)
    optimizer = torch.optim.Adam(model.parameters())
    train(run, optimizer, 2)
    trainer = Engine(give)
    saver = ShardedSaver(folder)
    to_save: dict[str, StatefulTree] = {"model": run, "optimizer": optimizer, "trainer": trainer}
    Checkpoint(to_save, saver).attach(trainer, Events.COMPLETED)
    trainer.run([1.0])
    return whole(model.state_dict())


def go_on(folder: str, kind: str) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Load from shards and go on; give the weights as loaded, and after one more step."""
    model = new_model()
    if kind == "sharded":
        sharded(model)
    optimizer = torch.optim.Adam(model.parameters())
    trainer = Engine(give)
    ShardedSaver(folder).load_into(
        {"model": model, "optimizer": optimizer, "trainer": trainer}, "checkpoint_1.pt"
    )
    assert trainer.state.iteration == 1
    loaded = whole(model.state_dict())
    train(model, optimizer, 1)
    return loaded, whole(model.state_dict())


@pytest.mark.parametrize("kind", ["plain", "replicated", "sharded"])
@pytest.mark.slow
def test_shards_are_gone_on_with_on_other_numbers_of_ranks(
    two_ranks: RankPool, three_ranks: RankPool, tmp_path: Path, kind: str
) -> None:
    weights = two_ranks.run(save_sharded, str(tmp_path), kind)
    assert weights[0] == weights[1]
    alone, alone_on = go_on(str(tmp_path), "plain")
    assert alone == weights[0]
    for pool in (two_ranks, three_ranks):
        for loaded, gone_on in pool.run(go_on, str(tmp_path), "sharded"):
            assert loaded == weights[0]
            for name, numbers in gone_on.items():
                assert numbers == pytest.approx(alone_on[name], rel=1e-5)


def test_both_ranks_write_their_part(two_ranks: RankPool, tmp_path: Path) -> None:
    two_ranks.run(save_sharded, str(tmp_path), "sharded")
    shards = sorted(path.name for path in (tmp_path / "checkpoint_1.pt").glob("*.distcp"))
    assert shards == ["__0_0.distcp", "__1_0.distcp"]


def test_shards_become_one_file(two_ranks: RankPool, tmp_path: Path) -> None:
    weights = two_ranks.run(save_sharded, str(tmp_path / "shards"), "sharded")
    with DiskSaver(tmp_path) as disk:
        ShardedSaver(tmp_path / "shards").consolidate("checkpoint_1.pt", disk)
    model = new_model()
    Checkpoint.load_objects({"model": model}, tmp_path / "checkpoint_1.pt")
    assert whole(model.state_dict()) == weights[0]


def gather_into_a_file(folder: str) -> dict[str, list[float]]:
    """Save a sharded model into one file."""
    model = sharded(new_model())
    trainer = Engine(give)
    Checkpoint({"model": model}, Path(folder)).attach(trainer, Events.COMPLETED)
    trainer.run([1.0])
    return whole(model.state_dict())


def test_a_sharded_model_goes_whole_into_a_file(two_ranks: RankPool, tmp_path: Path) -> None:
    weights = two_ranks.run(gather_into_a_file, str(tmp_path))
    model = new_model()
    Checkpoint.load_objects({"model": model}, tmp_path / "model_1.pt")
    assert whole(model.state_dict()) == weights[0]


def fail_to_shard(folder: str) -> str:
    """Save what cannot be saved on rank 0, over what is there."""
    saver = ShardedSaver(folder)
    saver.save({"weight": torch.ones(2)}, "a", METADATA)
    try:
        saver.save({"weight": torch.zeros(2), "code": fail_to_shard}, "a", METADATA)
    except FiresteelError as error:
        return f"{type(error).__name__}: {saver.load('a')}"
    return ""


def test_where_one_rank_fails_all_do_and_the_old_one_is_there(
    two_ranks: RankPool, tmp_path: Path
) -> None:
    first, second = two_ranks.run(fail_to_shard, str(tmp_path))
    assert first == "UnsafeCheckpointError: {'weight': tensor([1., 1.])}"
    assert second == "FiresteelError: {'weight': tensor([1., 1.])}"


def load_what_does_not_fit(folder: str) -> tuple[str, bool]:
    """Load into a model of another size."""
    saver = ShardedSaver(folder)
    saver.save(collect_states({"model": nn.Linear(4, 2)}), "a", METADATA)
    model = sharded(nn.Linear(3, 2))
    before = whole(model.state_dict())
    try:
        saver.load_into({"model": model}, "a")
    except FiresteelError as error:
        return type(error).__name__, before == whole(model.state_dict())
    return "", False


def test_what_does_not_fit_is_refused_on_all_ranks(two_ranks: RankPool, tmp_path: Path) -> None:
    answers = two_ranks.run(load_what_does_not_fit, str(tmp_path))
    assert answers == [("CheckpointMismatchError", True)] * 2
