"""The command that verifies checkpoints."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from firesteel.handlers import CheckpointMetadata, save_checkpoint
from firesteel.handlers.checkpoint.__main__ import main


def test_each_file_is_told_and_one_faulty_one_is_the_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, none = tmp_path / "good.pt", tmp_path / "bad.pt", tmp_path / "none.pt"
    save_checkpoint(
        {"w": torch.ones(2, 3)}, good, metadata=CheckpointMetadata(name="m", global_step=7)
    )
    bad.write_bytes(good.read_bytes()[:-1])
    assert main(["verify", str(good)]) == 0
    assert main(["verify", str(good), str(bad), str(none)]) == 1
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"whole   {good}: step 7, version 0, 1 tensors of 6 numbers, ")
    assert rest[0] == first
    assert rest[1].startswith(f"FAULTY  verify_checkpoint: {bad} is damaged")
    assert rest[2] == f"FAULTY  verify_checkpoint: {none} does not exist"


@pytest.mark.slow
def test_it_is_a_command(tmp_path: Path) -> None:
    save_checkpoint({}, tmp_path / "a.pt")
    run = subprocess.run(
        [sys.executable, "-m", "firesteel.handlers.checkpoint", "verify", str(tmp_path / "a.pt")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith("whole   ")
