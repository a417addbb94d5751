"""`python -m bench`: prints every target of targets.yaml with its floor, figure and verdict."""

import argparse
import asyncio
import json
import os
from pathlib import Path

import yaml

from bench import weaviate_store
from bench.measure import measure
from bench.report import verdicts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--calls", type=int, default=400, help="calls of each kind in a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; each measures every kind once, in turn")
    parser.add_argument("--data", type=Path, default=Path(".groundwire/bench"), help="folder of the corpus, kept")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        parser.error("two cores are needed: one for the server, one for the load")
    os.sched_setaffinity(0, {cores[1]})
    figures = asyncio.run(measure(given.data, given.calls, given.rounds, core=cores[0]))
    figures |= asyncio.run(weaviate_store.measure(given.calls, given.rounds, core=cores[0]))
    targets = yaml.safe_load((Path(__file__).parent / "targets.yaml").read_text(encoding="utf-8"))["targets"]
    for line in verdicts(targets, figures):
        print(line)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
