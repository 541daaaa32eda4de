"""The workload of `cargo xtask bench policy` as numpy arrays, and how a peer reports what it found."""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np


class Workload:
    """Columns of whole numbers with a mask of what is known, and measures as data."""

    def __init__(self, folder):
        self.folder = Path(folder)
        data = json.loads((self.folder / "workload.json").read_text(encoding="utf-8"))
        self.subjects = data["subjects"]
        self.measures = data["measures"]
        self.values, self.known = [], []
        for at in range(data["columns"]):
            self.values.append(np.fromfile(self.folder / f"{at:02}.i64", dtype="<i8"))
            self.known.append(np.fromfile(self.folder / f"{at:02}.known", dtype=np.bool_))


def load():
    return Workload(sys.argv[1])


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Timer:
    def __enter__(self):
        self.wall, self.cpu = time.perf_counter(), cpu_seconds()
        return self

    def __exit__(self, *_):
        self.wall, self.cpu = time.perf_counter() - self.wall, cpu_seconds() - self.cpu


def report(name, version, work, measures, subjects, timer, results):
    """Prints one line: the speed and, by measure, the counts of yes, no and unknown and the least sum of Fen."""
    print(json.dumps({
        "peer": name,
        "version": version,
        "measures": measures,
        "subjects": subjects,
        "wall_s": round(timer.wall, 3),
        "cpu_s": round(timer.cpu, 3),
        "pairs_per_cpu_s": round(measures * subjects / max(timer.cpu, 1e-9)),
        "results": [[int(number) for number in result] for result in results],
    }))
