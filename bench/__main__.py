"""`python -m bench`: measures every target of targets.yaml and prints it with its floor, ratio, noise and verdict."""

import argparse
import asyncio
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from bench import generating, history, overload, page, weaviate_store, workers
from bench.measure import measure
from bench.report import Report, facts, lines
from bench.targets import read_targets
from bench.verdicts import rows
from groundwire_server.cli.bench.machine import this_machine


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--calls", type=int, default=400, help="calls of each kind in a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; each measures every kind once, in turn")
    parser.add_argument("--data", type=Path, default=Path(".groundwire/bench"), help="folder of the corpus, kept")
    parser.add_argument("--history", type=Path, help="file of earlier runs; history.jsonl in the folder if none")
    parser.add_argument("--no-history", action="store_true", help="neither compare with earlier runs nor keep this one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with plots here as well")
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        parser.error("two cores are needed: one for the server, one for the load")
    if given.calls < 8 or given.rounds < 1:
        parser.error("at least 8 calls and 1 round are needed")
    machine, targets = this_machine(), read_targets()
    kept = given.history or given.data / "history.jsonl"
    os.sched_setaffinity(0, {cores[1]})
    measured = asyncio.run(measure(given.data, given.calls, given.rounds, core=cores[0]))
    measured.figures |= asyncio.run(generating.measure(given.calls, given.rounds, core=cores[0]))
    measured.figures |= asyncio.run(weaviate_store.measure(given.calls, given.rounds, core=cores[0]))
    measured.figures |= asyncio.run(overload.measure(given.data, given.calls, given.rounds, core=cores[0]))
    measured.figures |= asyncio.run(workers.measure(given.calls * 5, given.rounds))
    run = history.Run(datetime.now(UTC).isoformat(timespec="seconds"), _commit(), machine.kind, measured.figures)
    earlier = [] if given.no_history else history.read(kept, machine.kind)[-history.COMPARED :]
    judged = rows(targets, measured.figures)
    report = Report(run, machine, targets.floors, judged, measured.latencies, earlier)
    print("\n".join(lines(report)))
    if not given.no_history:
        history.append(kept, run)
    if given.json:
        given.json.write_text(json.dumps(facts(report), indent=2), encoding="utf-8")
    if given.html:
        given.html.write_text(page.html(report), encoding="utf-8")


def _commit() -> str:
    """The checkout's commit; with a + when it holds changes."""
    commit = _git("rev-parse", "--short=10", "HEAD")
    return f"{commit}{'+' if _git('status', '--porcelain', '--untracked-files=no') else ''}" if commit else "no commit"


def _git(*arguments: str) -> str:
    try:
        here = Path(__file__).parent
        ran = subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


if __name__ == "__main__":
    main()
