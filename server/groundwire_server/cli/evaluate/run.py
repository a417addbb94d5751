"""An evaluation from its files to its result."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from json import dumps
from pathlib import Path

from groundwire_server.app.configuration.errors import not_among
from groundwire_server.app.configuration.load import Sources
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.evaluation import in_process
from groundwire_server.app.guard_check import GuardChecker, open_guard_checker
from groundwire_server.app.statement_check import StatementChecker
from groundwire_server.cli.calls import connect_asyncio, failures_stop
from groundwire_server.cli.configured import loaded_from
from groundwire_server.cli.connection import DEFAULT_TENANT, ConnectionOptions
from groundwire_server.cli.evaluate.asking import Asking, Item, StoppedError, check_filters
from groundwire_server.cli.evaluate.checkpoint import Checkpoint, checkpoint, failed
from groundwire_server.cli.evaluate.lines import gate_lines, result_lines, wrong_lines
from groundwire_server.cli.evaluate.page import html as page_of
from groundwire_server.cli.evaluate.progress import progress
from groundwire_server.cli.evaluate.services import LocalService, RemoteService, Service
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.evaluation.gates import Gate, judge
from groundwire_server.evaluation.inputs.files import InputFile, questions_of_recordings, read_inputs
from groundwire_server.evaluation.items import QuestionItem, StatementItem, TextItem
from groundwire_server.evaluation.recording import (
    VERSION,
    RecordedGuard,
    RecordedItem,
    RecordedRun,
    RecordedSubject,
    RecordingHeader,
)
from groundwire_server.evaluation.result import EvaluationResult, evaluate
from groundwire_server.evaluation.wrong import wrong_items


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """What to evaluate, and how.

    Attributes:
        files: of questions, statements, texts and recordings.
        in_process: whether questions are answered in this process: by a configuration's file, or by the one that is
            found. Texts always are screened in it.
        route: the route to ask.
        principals: whom to ask as.
        parallel: how many questions are asked at once.
        timeout: seconds of each call.
        record: the file to record to; None records nothing.
        again: whether the questions of recordings are asked again.
    """

    files: Sequence[Path]
    in_process: Path | bool
    route: str
    principals: Sequence[str]
    parallel: int
    timeout: float
    record: Path | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files to write the result to; None writes none.

    Attributes:
        json: the result as JSON; `-` prints it.
        html: a page.
        wrong: how many items that went wrong are printed, of each group.
        texts: whether texts for guards are printed among them, in place of their ids.
    """

    json: Path | None
    html: Path | None
    wrong: int = 0
    texts: bool = False


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
    if plan.again and recordings:
        inputs, recordings = [*inputs, questions_of_recordings(recordings)], []
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
        items = wrong_items(recordings, texts=outputs.texts) if outputs.wrong else ()
        wrong = wrong_lines(items, outputs.wrong)
        print("\n".join([*result_lines(result), *wrong, *([""] if judged else []), *gate_lines(judged)]))
    if not all(each.met for each in judged):
        return ExitCode.MISSED
    incomplete = any(failed(line) for recording in recordings for line in recording.lines)
    return ExitCode.INCOMPLETE if incomplete else ExitCode.OK


def _recorded(plan: EvaluationPlan, connection: ConnectionOptions, inputs: Sequence[InputFile]) -> RecordedRun:
    questions = [question for each in inputs for question in each.questions]
    check_filters(questions)
    texts = [text for each in inputs for text in each.texts]
    if questions and texts and plan.in_process is False:
        raise SetupError("guards are asked in this process: add --in-process, or evaluate the texts alone")
    items: list[Item] = [*questions, *(statement for each in inputs for statement in each.statements), *texts]
    try:
        return asyncio.run(_asked(plan, connection, inputs, items))
    except StoppedError as stopped:
        code = ExitCode.UNREACHABLE if stopped.unreachable else ExitCode.FAILED
        raise CommandError(code, f"{stopped}{_kept(plan)}") from None
    except KeyboardInterrupt:
        raise CommandError(ExitCode.INTERRUPTED, f"interrupted{_kept(plan)}") from None
    except OSError as unusable:
        said = f"{unusable.filename or plan.record} cannot be used: {unusable.strerror}"
        raise CommandError(ExitCode.FAILED, said) from None


def _kept(plan: EvaluationPlan) -> str:
    return f"; what came back is in {plan.record}: run the same command to go on" if plan.record is not None else ""


async def _asked(
    plan: EvaluationPlan, connection: ConnectionOptions, inputs: Sequence[InputFile], items: Sequence[Item]
) -> RecordedRun:
    async with _opened(plan, connection, items) as opened:
        guards = opened.guards
        texts = [item for item in items if isinstance(item, TextItem)]
        header = RecordingHeader(
            groundwire_recording=VERSION,
            subject=opened.subject,
            inputs=tuple(each.described for each in inputs),
            guards=() if guards is None else tuple(recorded_guards(guards, texts, plan.route)),
        )
        with checkpoint(plan.record, header) as kept:
            await _ask(plan, opened, kept, items)
            return kept.recording()


async def _ask(plan: EvaluationPlan, opened: "_Opened", kept: Checkpoint, items: Sequence[Item]) -> None:
    known = kept.known()
    left = [item for item in items if (_kind(item), item.key) not in known]
    with progress(len(items), len(items) - len(left)) as advance:

        def keep(line: RecordedItem) -> None:
            kept.keep(line)
            advance()

        asking = Asking(opened.service, plan.route, StatementChecker.packaged(), keep, opened.guards)
        await asking.run(left, plan.parallel)


def _kind(item: Item) -> str:
    match item:
        case QuestionItem():
            return "question"
        case StatementItem():
            return "statement"
        case TextItem():
            return "text"


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is asked.

    Attributes:
        subject: what it is.
        service: answers questions; None where there are none.
        guards: look at texts; None where there are none.
    """

    subject: RecordedSubject
    service: Service | None = None
    guards: GuardChecker | None = None


@asynccontextmanager
async def _opened(plan: EvaluationPlan, connection: ConnectionOptions, items: Sequence[Item]) -> AsyncIterator[_Opened]:
    """Open what the items need: statements alone need nothing."""
    ours = version("groundwire-server")
    questions = any(isinstance(item, QuestionItem) for item in items)
    texts = any(isinstance(item, TextItem) for item in items)
    if not questions and not texts:
        yield _Opened(RecordedSubject(where="in process", name="", version=ours, route=plan.route))
    elif texts or plan.in_process is not False:
        configuration, name = _configuration(plan)
        caller = _caller(plan, connection)
        service, guards = None, None
        async with AsyncExitStack() as opened:
            try:
                if questions:
                    service = LocalService(await opened.enter_async_context(in_process(configuration, caller)))
                if texts:
                    guards = await opened.enter_async_context(open_guard_checker(configuration, plan.route, caller))
            except (SetupError, ImportError) as unusable:
                raise CommandError(ExitCode.FAILED, str(unusable)) from None
            subject = RecordedSubject(where="in process", name=name, version=ours, route=plan.route)
            yield _Opened(subject, service, guards)
    else:
        with failures_stop():
            async with connect_asyncio(connection, [*plan.principals], plan.timeout) as client:
                info = await client.server_info()
                subject = RecordedSubject(
                    where="server", name=connection.server, version=info.version, route=plan.route
                )
                yield _Opened(subject, RemoteService(client))


def _configuration(plan: EvaluationPlan) -> tuple[Configuration, str]:
    """Return the configuration of this process, and the name of its file.

    Raises:
        SetupError: when it has no such route.
    """
    file = plan.in_process if isinstance(plan.in_process, Path) else None
    sources = Sources.found(file, os.environ)
    configuration = loaded_from(sources).configuration
    if plan.route not in configuration.routes:
        said = not_among(plan.route, configuration.routes, "no route has this name")
        raise SetupError(f"--route {plan.route}: {said}")
    return configuration, "" if sources.file is None else sources.file.name


def recorded_guards(guards: GuardChecker, texts: Iterable[TextItem], route: str) -> Iterator[RecordedGuard]:
    """Yield the guards of the screens that texts are for.

    Raises:
        SetupError: when a screen has none, or none of its guards looks for a category that a text is labelled with.
    """
    known: dict[str, set[str]] = {}
    for text in texts:
        if text.screen not in known:
            looking = guards.guards(Screen(text.screen.upper()))
            if not looking:
                raise SetupError(
                    f"the route {route} has no guard on its {text.screen} screen: add one to "
                    f"routes.{route}.screens.{text.screen}.use"
                )
            known[text.screen] = {category for _, categories in looking for category in categories}
            for identity, categories in looking:
                yield RecordedGuard(
                    screen=text.screen, name=identity.name, version=identity.version, categories=tuple(categories)
                )
        for category in text.categories:
            if category not in known[text.screen]:
                what = f"the text {text.key}: no guard of the {text.screen} screen looks for {category!r}"
                raise SetupError(not_among(category, known[text.screen], what))


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
