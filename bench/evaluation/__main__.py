"""`python -m bench.evaluation`: evaluates the built-in parts on bench/data, and prints each target with its verdict."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bench.evaluation.data import EvaluationData, read_data
from bench.evaluation.published import publish
from bench.evaluation.report import lines, targets_section
from bench.evaluation.rows import rows
from bench.evaluation.targets import read_quality_targets
from bench.split import Part, read_split
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.evaluation import in_process
from groundwire_server.app.guard_check import open_guard_checker
from groundwire_server.app.statement_check import StatementChecker
from groundwire_server.cli.evaluate.asking import Asking, Item
from groundwire_server.cli.evaluate.lines import wrong_lines
from groundwire_server.cli.evaluate.page import html
from groundwire_server.cli.evaluate.progress import progress
from groundwire_server.cli.evaluate.run import recorded_guards
from groundwire_server.cli.evaluate.services import LocalService
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.evaluation.inputs.files import read_input
from groundwire_server.evaluation.items import QuestionItem
from groundwire_server.evaluation.recording import (
    VERSION,
    RecordedItem,
    RecordedRun,
    RecordedSubject,
    RecordingHeader,
    written,
)
from groundwire_server.evaluation.result import evaluate
from groundwire_server.evaluation.wrong import wrong_items

ROUTE = "default"
SCREENS = Path(__file__).parents[1] / "guards" / "screens.yaml"
CALLER = Caller("local", "eval")
PARALLEL = 4


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.evaluation", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".groundwire/eval"), help="folder of the corpus, kept")
    parser.add_argument("--statements-only", action="store_true", help="leave the questions out: seconds, not minutes")
    parser.add_argument("--recorded", type=Path, metavar="FILE", help="judge this recording instead of evaluating")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write what came back here")
    parser.add_argument(
        "--wrong", type=int, default=0, metavar="N", help="print N fitted items that went wrong, by kind"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here, with every item")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with plots here")
    parser.add_argument("--publish", action="store_true", help="write the error rates of verdicts into the docs")
    given = parser.parse_args()
    data = read_data()
    if given.recorded:
        recording = _read(given.recorded)
    else:
        items: list[Item] = [*data.statements, *data.texts]
        if not given.statements_only:
            items += data.questions
        given.data.mkdir(parents=True, exist_ok=True)
        recording = asyncio.run(record(given.data, data, items))
    judged = rows(read_quality_targets(), recording)
    print("\n".join(lines(judged, read_split(), data.missing)))
    if given.wrong:
        # What is reported, and every text for guards, stays unread: a rule that was written for it proves nothing.
        fitted = [line for line in recording.lines if Part.FITTED.value in line.item.slice]
        print("\n".join(wrong_lines(wrong_items([RecordedRun.of(recording.header, fitted)]), given.wrong)))
    if given.publish:
        publish(recording)
    if given.record:
        given.record.write_text("".join(map(written, (recording.header, *recording.lines))), encoding="utf-8")
    result = evaluate([recording]) if given.json or given.html else None
    if given.json and result:
        given.json.write_text(json.dumps(result.facts(), indent=1, ensure_ascii=False), encoding="utf-8")
    if given.html and result:
        given.html.write_text(html(result, [targets_section(judged)]), encoding="utf-8")


async def record(folder: Path, data: EvaluationData, items: Sequence[Item]) -> RecordedRun:
    """Store the articles in the folder, unless they are there, and ask everything of the built-in configuration."""
    found: list[RecordedItem] = []
    configuration = load(Sources(None, {}, {"--data": (("stores", "main", "folder"), str(folder))})).configuration
    screens = load(Sources(SCREENS, {}, None)).configuration
    async with in_process(configuration, CALLER) as parts, open_guard_checker(screens, ROUTE, CALLER) as guards:
        for document in data.documents if any(isinstance(item, QuestionItem) for item in items) else ():
            await parts.snapshot.ingest.store(CALLER, document, NEVER)
        with progress(len(items), 0) as advance:

            def keep(line: RecordedItem) -> None:
                found.append(line)
                advance()

            asking = Asking(LocalService(parts), ROUTE, StatementChecker.packaged(), keep, guards)
            await asking.run(items, PARALLEL)
    subject = RecordedSubject(where="in process", name="", version=version("groundwire-server"), route=ROUTE)
    header = RecordingHeader(
        groundwire_recording=VERSION,
        subject=subject,
        inputs=tuple(data.inputs),
        guards=tuple(recorded_guards(guards, data.texts, ROUTE)),
    )
    return RecordedRun.of(header, found)


def _read(file: Path) -> RecordedRun:
    read = read_input(file)
    if not isinstance(read, RecordedRun):
        sys.exit(f"{file} is not a recording")
    return read


if __name__ == "__main__":
    main()
