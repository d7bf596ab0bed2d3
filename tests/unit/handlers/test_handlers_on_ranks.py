"""What handlers do where a model is spread over ranks, on true processes."""

import pytest
import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD

from firesteel import Engine
from firesteel.distributed import get_rank
from firesteel.handlers import EMAHandler, LRFinder
from firesteel.testing import RankPool

pytestmark = pytest.mark.distributed


def losses_of_a_test() -> tuple[list[float], bool, int]:
    """Run a range test whose loss is good on one rank and bad on the other."""

    def step(engine: Engine[int, float], batch: int) -> float:
        return engine.state.iteration * (1.0 if get_rank() else 9.0)

    trainer = Engine(step)
    finder = LRFinder(SGD([nn.Parameter(torch.zeros(1))], lr=1e-3), num_iter=9, smooth_f=0)
    with finder.attach(trainer, restore=[]) as finding:
        num_iterations = finding.run([0]).iteration
    results = finder.get_results()
    return list(results.raw_losses), results.is_diverged, num_iterations


def test_a_range_test_takes_the_mean_of_the_losses(two_ranks: RankPool) -> None:
    one, two = two_ranks.run(losses_of_a_test)
    assert one == two == ([5, 10, 15, 20, 25, 30], True, 6)


def sharded(value: float) -> nn.Linear:
    """Give a layer whose weights are spread over the ranks."""
    layer = nn.Linear(4, 4)
    with torch.no_grad():
        layer.weight.fill_(value)
        layer.bias.fill_(value)
    fully_shard(layer, mesh=init_device_mesh("cpu", (2,)))
    return layer


def whole(tensor: Tensor) -> list[float]:
    assert isinstance(tensor, DTensor)
    gathered: Tensor = tensor.full_tensor()
    return sorted({number.item() for number in gathered.flatten()})


def average_of_shards() -> list[list[float]]:
    """Average a sharded layer, lend the average, and load it elsewhere."""
    layer = sharded(4.0)
    ema = EMAHandler(layer, momentum=0.25, ema_model=sharded(99.0))
    seen = [whole(ema.ema_model.weight)]
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(8.0)
    ema.update()
    seen += [whole(ema.ema_model.weight), whole(ema.ema_model.bias)]
    with ema.applied():
        seen.append(whole(layer.weight))
    seen.append(whole(layer.weight))
    other = EMAHandler(sharded(0.0), ema_model=sharded(0.0))
    other.load_state_dict(ema.state_dict())
    return [*seen, whole(other.ema_model.weight)]


def test_an_average_of_shards_is_kept_in_shards(two_ranks: RankPool) -> None:
    expected = [[4.0], [5.0], [5.0], [5.0], [8.0], [5.0]]
    assert two_ranks.run(average_of_shards) == [expected, expected]


def averaged_class() -> str:
    ema = EMAHandler(DistributedDataParallel(nn.Linear(1, 1)))
    return type(ema.ema_model).__name__


def test_a_model_in_distributed_data_parallel_is_looked_through(two_ranks: RankPool) -> None:
    assert two_ranks.run(averaged_class) == ["Linear", "Linear"]
