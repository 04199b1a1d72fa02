"""`python -m benchmarks [accuracy|speed|peers|objectives] [--seeds N]`: all tables, one command."""

from __future__ import annotations

import argparse

from benchmarks import accuracy, objectives, peers, speed


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what", nargs="*", choices=["accuracy", "speed", "peers", "objectives", []], default=[]
    )
    parser.add_argument("--seeds", type=int, default=200, help="seeds of the accuracy tables")
    asked = parser.parse_args()
    what = asked.what or ["speed", "peers", "objectives", "accuracy"]
    if "speed" in what:
        speed.table()
    if "peers" in what:
        peers.table()
    if "objectives" in what:
        objectives.table(max(20, asked.seeds // 2))
    if "accuracy" in what:
        accuracy.table(asked.seeds)


if __name__ == "__main__":
    main()
