"""What ``import firesteel`` adds to ``import torch``: time, memory and modules.

``python tests/benchmarks/bench_import.py`` starts fresh interpreters in turns and prints medians;
the ratio is (torch + firesteel) / torch, in processor time.
"""

import json
import statistics
import subprocess
import sys

PROGRAM = """
import json, resource, sys, time
start = time.process_time()
import torch
{more}
print(json.dumps([
    time.process_time() - start,
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
        seconds = statistics.median(one[0] for one in figures)
        pairs = zip(figures, alone, strict=True)
        ratio = statistics.median(one[0] / other[0] for one, other in pairs)
        more_mib = statistics.median(one[1] for one in figures) - statistics.median(
            one[1] for one in alone
        )
        print(
            f"{name:42}{seconds * 1000:9.0f}{ratio:8.3f}{more_mib:8.1f}"
            f"{figures[0][2] - alone[0][2]:11.0f}"
        )


if __name__ == "__main__":
    main()
