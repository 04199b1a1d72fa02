"""`python -m benchmarks [table ...] [--seeds N]`: those tables, or all."""

from __future__ import annotations

import argparse

from benchmarks import (
    accuracy,
    faint,
    layers,
    objectives,
    occlusion,
    paths,
    peers,
    speed,
    strips,
    touch,
    tracked,
)


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    tables = [
        "accuracy",
        "speed",
        "peers",
        "objectives",
        "strips",
        "paths",
        "layers",
        "occlusion",
        "touch",
        "tracked",
        "faint",
    ]
    parser.add_argument("what", nargs="*", choices=[*tables, []], default=[])
    parser.add_argument("--seeds", type=int, default=200, help="seeds of the accuracy tables")
    asked = parser.parse_args()
    what = asked.what or [*tables[1:], tables[0]]  # the longest last
    if "speed" in what:
        speed.table()
    if "peers" in what:
        peers.table()
    if "objectives" in what:
        objectives.table(max(20, asked.seeds // 2))
    if "strips" in what:
        strips.table(asked.seeds)
    if "paths" in what:
        paths.table(asked.seeds)
    if "layers" in what:
        layers.table(asked.seeds)
    if "occlusion" in what:
        occlusion.table(asked.seeds)
    if "touch" in what:
        touch.table()
    if "tracked" in what:
        tracked.table(asked.seeds)
    if "faint" in what:
        faint.table(asked.seeds)
    if "accuracy" in what:
        accuracy.table(asked.seeds)


if __name__ == "__main__":
    main()
