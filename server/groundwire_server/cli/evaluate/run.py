"""An evaluation from its files to its result."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from json import dumps
from pathlib import Path

from groundwire_server.app.configuration.errors import not_among
from groundwire_server.app.configuration.load import Sources
from groundwire_server.app.evaluation import in_process
from groundwire_server.app.statement_check import StatementChecker
from groundwire_server.cli.calls import connect_asyncio, failures_stop
from groundwire_server.cli.configured import loaded_from
from groundwire_server.cli.connection import DEFAULT_TENANT, ConnectionOptions
from groundwire_server.cli.evaluate.asking import Asking, Item, Line, StoppedError, check_filters
from groundwire_server.cli.evaluate.checkpoint import Checkpoint, checkpoint
from groundwire_server.cli.evaluate.lines import gate_lines, result_lines, wrong_lines
from groundwire_server.cli.evaluate.page import html as page_of
from groundwire_server.cli.evaluate.progress import progress
from groundwire_server.cli.evaluate.services import LocalService, RemoteService, Service
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.gates import Gate, judge
from groundwire_server.evaluation.inputs.files import InputFile, read_inputs
from groundwire_server.evaluation.items import QuestionItem
from groundwire_server.evaluation.recording import RecordedRun, RecordedSubject, RecordingHeader
from groundwire_server.evaluation.result import EvaluationResult, evaluate
from groundwire_server.evaluation.wrong import wrong_items


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """What to evaluate, and how.

    Attributes:
        files: of questions, statements and recordings.
        in_process: whether questions are answered in this process: by a configuration's file, or by the one that is
            found.
        route: the route to ask.
        principals: whom to ask as.
        parallel: how many questions are asked at once.
        timeout: seconds of each call.
        record: the file to record to; None records nothing.
    """

    files: Sequence[Path]
    in_process: Path | bool
    route: str
    principals: Sequence[str]
    parallel: int
    timeout: float
    record: Path | None


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files to write the result to; None writes none.

    Attributes:
        json: the result as JSON; `-` prints it.
        html: a page.
        wrong: how many items that went wrong are printed, of each group.
    """

    json: Path | None
    html: Path | None
    wrong: int = 0


def evaluation(
    plan: EvaluationPlan, connection: ConnectionOptions, outputs: Outputs, gates: Sequence[Gate]
) -> ExitCode:
    """Ask what is not recorded yet, and print what all of it comes to.

    Returns:
        How the command ends.

    Raises:
        SetupError: when a file or an option cannot be used.
        CommandError: when no server is there, or the run was interrupted.
    """
    inputs, recordings = read_inputs(plan.files)
    if plan.record is not None and not inputs:
        raise SetupError("there is nothing to record: the files are recordings; omit --record")
    if inputs:
        recordings = [*recordings, _recorded(plan, connection, inputs)]
    result = evaluate(recordings)
    judged = judge(result, gates)
    _write(outputs, result)
    if outputs.json == Path("-"):
        print("".join(f"{line}\n" for line in gate_lines(judged)), end="", file=sys.stderr)
    else:
        wrong = wrong_lines(wrong_items(recordings), outputs.wrong) if outputs.wrong else ()
        print("\n".join([*result_lines(result), *wrong, *([""] if judged else []), *gate_lines(judged)]))
    if not all(each.met for each in judged):
        return ExitCode.MISSED
    failed = any(line.error is not None for recording in recordings for line in recording.questions)
    return ExitCode.INCOMPLETE if failed else ExitCode.OK


def _recorded(plan: EvaluationPlan, connection: ConnectionOptions, inputs: Sequence[InputFile]) -> RecordedRun:
    questions = [question for each in inputs for question in each.questions]
    check_filters(questions)
    items: list[Item] = [*questions, *(statement for each in inputs for statement in each.statements)]
    try:
        return asyncio.run(_asked(plan, connection, inputs, items))
    except StoppedError as stopped:
        code = ExitCode.UNREACHABLE if stopped.unreachable else ExitCode.FAILED
        raise CommandError(code, f"{stopped}{_kept(plan)}") from None
    except KeyboardInterrupt:
        raise CommandError(ExitCode.INTERRUPTED, f"interrupted{_kept(plan)}") from None
    except OSError as failed:
        said = f"{failed.filename or plan.record} cannot be used: {failed.strerror}"
        raise CommandError(ExitCode.FAILED, said) from None


def _kept(plan: EvaluationPlan) -> str:
    return f"; what came back is in {plan.record}: run the same command to go on" if plan.record is not None else ""


async def _asked(
    plan: EvaluationPlan, connection: ConnectionOptions, inputs: Sequence[InputFile], items: Sequence[Item]
) -> RecordedRun:
    needed = any(isinstance(item, QuestionItem) for item in items)
    async with _service(plan, connection, needed=needed) as (service, subject):
        header = RecordingHeader(
            groundwire_recording=1, subject=subject, inputs=tuple(each.described for each in inputs)
        )
        with checkpoint(plan.record, header) as kept:
            await _ask(plan, service, kept, items)
            return kept.recording()


async def _ask(plan: EvaluationPlan, service: Service | None, kept: Checkpoint, items: Sequence[Item]) -> None:
    known = kept.known()
    left = [
        item for item in items if ("question" if isinstance(item, QuestionItem) else "statement", item.key) not in known
    ]
    with progress(len(items), len(items) - len(left)) as advance:

        def keep(line: Line) -> None:
            kept.keep(line)
            advance()

        await Asking(service, plan.route, StatementChecker.packaged(), keep).run(left, plan.parallel)


@asynccontextmanager
async def _service(
    plan: EvaluationPlan, connection: ConnectionOptions, *, needed: bool
) -> AsyncIterator[tuple[Service | None, RecordedSubject]]:
    """Open what is asked, and say what it is; there is none where there are only statements."""
    ours = version("groundwire-server")
    if not needed:
        yield None, RecordedSubject(where="in process", name="", version=ours, route=plan.route)
    elif plan.in_process is not False:
        file = plan.in_process if isinstance(plan.in_process, Path) else None
        sources = Sources.found(file, os.environ)
        configuration = loaded_from(sources).configuration
        if plan.route not in configuration.routes:
            said = not_among(plan.route, configuration.routes, "no route has this name")
            raise SetupError(f"--route {plan.route}: {said}")
        name = "" if sources.file is None else sources.file.name
        caller = _caller(plan, connection)
        async with AsyncExitStack() as opened:
            try:
                parts = await opened.enter_async_context(in_process(configuration, caller))
            except (SetupError, ImportError) as unusable:
                raise CommandError(ExitCode.FAILED, str(unusable)) from None
            yield LocalService(parts), RecordedSubject(where="in process", name=name, version=ours, route=plan.route)
    else:
        with failures_stop():
            async with connect_asyncio(connection, [*plan.principals], plan.timeout) as client:
                info = await client.server_info()
                subject = RecordedSubject(
                    where="server", name=connection.server, version=info.version, route=plan.route
                )
                yield RemoteService(client), subject


def _caller(plan: EvaluationPlan, connection: ConnectionOptions) -> Caller:
    try:
        return Caller.checked(connection.tenant or DEFAULT_TENANT, "eval", plan.principals)
    except ValueError as wrong:
        raise SetupError(str(wrong)) from None


def _write(outputs: Outputs, result: EvaluationResult) -> None:
    try:
        if outputs.json == Path("-"):
            print(dumps(result.facts(), indent=1, ensure_ascii=False))
        elif outputs.json is not None:
            outputs.json.write_text(f"{dumps(result.facts(), indent=1, ensure_ascii=False)}\n", encoding="utf-8")
        if outputs.html is not None:
            outputs.html.write_text(page_of(result), encoding="utf-8")
    except OSError as failed:
        said = f"{failed.filename or 'the result'} cannot be written: {failed.strerror}; name another file"
        raise CommandError(ExitCode.FAILED, said) from None
