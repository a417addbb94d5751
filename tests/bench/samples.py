"""Measured figures that no machine has to measure."""

import random
from collections.abc import Mapping
from types import MappingProxyType

from bench.history import Run
from bench.report import Report
from bench.targets import Targets, read_targets
from bench.verdicts import rows
from groundwire_server.cli.bench.machine import Machine

MACHINE = Machine("Linux x86_64", "A <fast> & new one", 2, "3.11.7", {"grpcio": "1.78.2"})

LATENCIES = ("empty_call_1", "empty_call_4", "unary_1", "unary_4", "search_1", "empty_stream_first", "stream_first")


def figures(
    targets: Targets, *, seed: int, rounds: int = 5, factors: Mapping[str, float] = MappingProxyType({})
) -> dict[str, list[float]]:
    """Figures of every measure, about 1 for a floor and 10 for a target unless a factor says otherwise."""
    chance = random.Random(seed)
    levels = {**dict.fromkeys(targets.floors, 1.0), **dict.fromkeys(targets.targets, 10.0)}
    return {
        name: [level * factors.get(name, 1.0) * chance.gauss(1, 0.01) for _ in range(rounds)]
        for name, level in levels.items()
    }


def report(measured: Mapping[str, list[float]] | None = None, earlier: int = 3) -> Report:
    targets = read_targets()
    measured = measured or figures(targets, seed=0)
    chance = random.Random(1)
    past = [Run(f"2026-11-0{n}", f"old{n}", MACHINE.kind, figures(targets, seed=n)) for n in range(1, earlier + 1)]
    return Report(
        run=Run("2026-11-21T07:00:00+00:00", "newest+", MACHINE.kind, measured),
        machine=MACHINE,
        floors=targets.floors,
        rows=rows(targets, measured),
        latencies={name: [chance.lognormvariate(0, 0.5) for _ in range(500)] for name in LATENCIES},
        earlier=past,
    )
