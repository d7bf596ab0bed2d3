"""Jobs that are killed at random moments lose nothing, and end as if they had not been."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest
import torch

from firesteel.handlers import DiskSaver

pytestmark = pytest.mark.slow

JOB: Final = Path(__file__).with_name("killed_job.py")
NUM_KILLS: Final = 2
"""Of each kind of job; more before a release."""
PATIENCE_S: Final = 120.0


class Kind(NamedTuple):
    """What a job saves, and how."""

    every: int
    n_saved: int
    num_workers: int = 0
    is_in_thread: bool = False

    def command(self, folder: Path) -> Sequence[str]:
        """Give what starts it."""
        return [
            *(sys.executable, str(JOB), str(folder)),
            *("--every", str(self.every), "--n-saved", str(self.n_saved)),
            *("--num-workers", str(self.num_workers)),
            *(["--in-thread"] if self.is_in_thread else []),
        ]


class Ended(NamedTuple):
    """What a job says in the end."""

    begun: int
    done: int
    digest: str
    elapsed_s: float


def finish(kind: Kind, folder: Path) -> Ended:
    """Run a job to its end."""
    run = subprocess.run(
        kind.command(folder), capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    begun, done, digest, elapsed_s = run.stdout.splitlines()[-1].split()
    return Ended(int(begun), int(done), digest, float(elapsed_s))


def kill(kind: Kind, folder: Path, delay_s: float) -> None:
    """Start a job, and kill it some time after it was ready, if it is still there."""
    with subprocess.Popen(kind.command(folder), stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "ready\n"
        time.sleep(delay_s)
        job.kill()


@pytest.mark.parametrize(
    "kind",
    [
        Kind(every=12, n_saved=1),
        Kind(every=3, n_saved=1),
        Kind(every=7, n_saved=2),
        Kind(every=7, n_saved=2, num_workers=2),
        Kind(every=5, n_saved=2, is_in_thread=True),
    ],
    ids=["each epoch", "every 3rd, keep 1", "every 7th, keep 2", "2 workers", "in a thread"],
)
def test_a_job_that_is_killed_again_and_again_ends_bit_for_bit_as_one_that_was_not(
    kind: Kind, tmp_path: Path
) -> None:
    expected = finish(kind, tmp_path / "whole")
    moments = torch.rand(NUM_KILLS, generator=torch.Generator().manual_seed(kind.every))
    folder = tmp_path / "killed"
    for moment in moments:
        # each goes on where the one before was killed, and so has less left to do
        kill(kind, folder, float(moment) * expected.elapsed_s / NUM_KILLS)
        found = DiskSaver(folder, exclusive=False).filenames()
        assert len(found) <= kind.n_saved + 1
    ended = finish(kind, folder)
    assert ended.digest == expected.digest
    assert ended.begun + ended.done == expected.done
    files = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    assert len(files) == kind.n_saved
    left = {path.name for path in folder.iterdir()} - set(files)
    assert not [name for name in left if "tmp" in name]


def test_a_finished_job_that_is_started_again_does_nothing(tmp_path: Path) -> None:
    kind = Kind(every=12, n_saved=1)
    first = finish(kind, tmp_path)
    names = sorted(path.name for path in tmp_path.glob("*.pt"))
    second = finish(kind, tmp_path)
    assert (second.begun, second.done, second.digest) == (first.done, 0, first.digest)
    assert sorted(path.name for path in tmp_path.glob("*.pt")) == names
