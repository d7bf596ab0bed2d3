"""Memory: of the process, and of a device, as far as it can be tested without one."""

import subprocess
import sys

import pytest
import torch

from firesteel.engine import Engine
from firesteel.errors import ArgumentError
from firesteel.handlers import DeviceMemory, MemoryPeak, ProcessMemory
from firesteel.handlers._memory import in_units, peak_of_process

MIB = 2**20


def give(_engine: Engine[int, int], batch: int) -> int:
    return batch


GROWING = """
from firesteel.engine import Engine
from firesteel.handlers import ProcessMemory
seen = []
engine = Engine(lambda engine, size: seen.append(len(bytearray(b'x') * size)))
key = engine.attach(ProcessMemory(), "peak")
first = engine.run([1]).metrics[key]
print(engine.run([400 * 2**20]).metrics[key] - first, engine.run([1]).metrics[key] - first)
"""


@pytest.mark.slow
def test_what_a_run_takes_is_seen_and_stays_the_peak() -> None:
    # in a process of its own: the peak of this one may be higher already
    told = subprocess.run(
        [sys.executable, "-c", GROWING], capture_output=True, text=True, check=True
    ).stdout
    grown, later = map(int, told.split())
    assert 200 * MIB < grown < 450 * MIB  # less than 400: imports had a peak of their own
    assert grown <= later < grown + 50 * MIB


def test_it_is_in_bytes() -> None:
    engine = Engine(give)
    key = engine.attach(ProcessMemory(), "peak")
    peak = engine.run([1]).metrics[key]
    assert 50 * MIB < peak <= peak_of_process() < 2**40  # torch alone takes more


@pytest.mark.parametrize(
    ("num_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536 * MIB, "1.5 GiB"),
        (2**40, "1 TiB"),
        (5000 * 2**40, "5000 TiB"),
    ],
)
def test_a_number_of_bytes_is_said_in_the_largest_unit(num_bytes: int, text: str) -> None:
    assert in_units(num_bytes) == text


def test_a_peak_says_what_was_taken_of_what() -> None:
    assert str(MemoryPeak(allocated_bytes=MIB, reserved_bytes=3 * MIB)) == "1 MiB of 3 MiB"


def test_a_device_that_is_not_of_cuda_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"device must be one of cuda, got 'cpu'; .* Process"):
        DeviceMemory("cpu")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_each_epoch_has_its_own_peak_of_the_device() -> None:
    def step(_engine: Engine[int, None], num_mib: int) -> None:
        torch.empty(num_mib * MIB, dtype=torch.uint8, device="cuda")

    engine = Engine(step)
    key = engine.attach(DeviceMemory("cuda"), "peak")
    before = torch.cuda.memory_allocated()
    seen = [engine.run([one]).metrics[key].allocated_bytes - before for one in (64, 8)]
    assert seen == [64 * MIB, 8 * MIB]
    assert engine.state.metrics[key].reserved_bytes >= 64 * MIB
