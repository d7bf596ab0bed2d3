"""What ``import firesteel`` adds to ``import torch``: time, memory and modules.

``python tests/benchmarks/bench_import.py`` starts fresh interpreters in turns and prints medians;
the ratio is (torch + firesteel) / torch, in processor time of one and the same interpreter.
"""

import json
import statistics
import subprocess
import sys

PROGRAM = """
import json, resource, sys, time
start = time.process_time()
import torch
between = time.process_time()
{more}
end = time.process_time()
print(json.dumps([
    end - start,
    (end - start) / (between - start),
    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    len(sys.modules),
]))
"""
CONTENDERS = {
    "torch alone": "",
    "+ firesteel": "import firesteel",
    "+ ignite (engine, handlers, metrics)": (
        "import warnings; warnings.simplefilter('ignore'); "
        "import ignite.engine, ignite.handlers, ignite.metrics"
    ),
}


def main(rounds: int = 9) -> None:
    found: dict[str, list[list[float]]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, more in CONTENDERS.items():
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM.format(more=more)],
                check=True,
                capture_output=True,
                text=True,
            )
            found[name].append(json.loads(done.stdout))
    alone = found["torch alone"]
    print(f"{'import':42}{'CPU ms':>9}{'ratio':>8}{'+ MiB':>8}{'+ modules':>11}")
    for name, figures in found.items():
        seconds, ratio, mib, modules = (
            statistics.median(one[column] for one in figures) for column in range(4)
        )
        print(
            f"{name:42}{seconds * 1000:9.0f}{ratio:8.3f}"
            f"{mib - statistics.median(one[2] for one in alone):8.1f}"
            f"{modules - alone[0][3]:11.0f}"
        )


if __name__ == "__main__":
    main()
