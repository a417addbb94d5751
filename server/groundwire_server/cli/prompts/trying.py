"""Cases for prompts, from their files to their results."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from importlib.resources import files as resources
from pathlib import Path
from typing import Final

from groundwire_server.app.configuration.errors import not_among
from groundwire_server.app.prompt_trial import PromptTrial, prompt_trial, with_prompt
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.outputs import write_new, write_output
from groundwire_server.cli.prompts.junit import junit_of
from groundwire_server.cli.prompts.offline import OpenedRegistry, opened_registry
from groundwire_server.cli.prompts.results import CaseResult, exit_code, print_result, print_summary, written
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.question import Question, Turn
from groundwire_server.evaluation.outcomes import recorded_outcome
from groundwire_server.evaluation.prompt_cases import PromptCase, PromptCases, read_cases

_EXAMPLE: Final = "example-cases.yaml"


def write_example(files: Sequence[Path]) -> None:
    """Write an example of cases to a new file.

    Raises:
        CommandError: when there is more than one file, or it exists or cannot be written.
    """
    if len(files) != 1:
        raise CommandError(ExitCode.USAGE, "--init writes one file: name one")
    (file,) = files
    write_new(file, resources("groundwire_server.cli.prompts").joinpath(_EXAMPLE).read_text("utf-8"))
    print(f"wrote {file}: try it with `groundwire prompts test {file} --live`")


def try_prompts(
    files: Sequence[Path],
    config: Path | None,
    prompt: str,
    outputs: Path | None,
    junit: Path | None,
    *,
    live: bool,
    as_json: bool,
) -> ExitCode:
    """Try the cases of files, print what comes of each, and return how the command ends.

    Args:
        files: of cases.
        config: the configuration; None takes the usual one.
        prompt: NAME, NAME/VERSION or NAME/LABEL to try; empty takes that of each route.
        outputs: the folder of kept outputs; None keeps none.
        junit: the file to write as JUnit XML; None writes none.
        live: whether models are asked.
        as_json: print JSON.

    Raises:
        SetupError: when a file, or a part of the configuration, cannot be used.
        CommandError: when there is no such prompt or route.
    """
    opened = opened_registry(config)
    cases = [(file, read_cases(file)) for file in files]
    _check_routes(cases, opened)
    results = asyncio.run(_tried(cases, opened, prompt, outputs, live=live, quiet=as_json))
    if as_json:
        print(written(results))
    else:
        print_summary(results)
    if junit is not None:
        write_output(junit, junit_of(results))
    return exit_code(results)


async def _tried(
    cases: Sequence[tuple[Path, PromptCases]],
    opened: OpenedRegistry,
    prompt: str,
    outputs: Path | None,
    *,
    live: bool,
    quiet: bool,
) -> Sequence[CaseResult]:
    configuration = opened.configuration
    if prompt:
        version = opened.version(prompt)
        configuration = with_prompt(configuration, version.name, version.version)
    results: list[CaseResult] = []
    async with prompt_trial(configuration, outputs, live=live) as trial:
        async for result in _each(cases, trial):
            results.append(result)
            if not quiet:
                print_result(result)
    return results


async def _each(cases: Sequence[tuple[Path, PromptCases]], trial: PromptTrial) -> AsyncIterator[CaseResult]:
    for file, of_file in cases:
        for case in of_file.cases:
            begun, missing = time.perf_counter(), trial.missing
            try:
                outcome = recorded_outcome(await trial.outcome(_question(case, of_file.route)))
            except Rejection as refused:
                told = "; ".join(f"{each.field} {each.description}" for each in refused.violations) or refused.reason
                yield CaseResult(file, case, time.perf_counter() - begun, None, (f"the question is refused: {told}",))
                continue
            took = time.perf_counter() - begun
            if trial.missing > missing:
                yield CaseResult(file, case, took, outcome, missing=True)
            else:
                yield CaseResult(file, case, took, outcome, tuple(case.expect.faults(outcome)))


def _question(case: PromptCase, route: str) -> Question:
    turns = tuple(Turn(turn.user is not None, turn.user or turn.assistant or "") for turn in case.turns)
    passages = tuple(Passage(each.id, each.text, title=each.title) for each in case.passages)
    context = tuple(sorted(case.context.items()))
    return Question(case.route or route, case.question, "prompts-test", turns, provided=passages, context=context)


def _check_routes(cases: Sequence[tuple[Path, PromptCases]], opened: OpenedRegistry) -> None:
    """Make sure that each case names a route that there is.

    Raises:
        CommandError: for the first that does not.
    """
    routes = opened.configuration.routes
    for file, of_file in cases:
        for case in of_file.cases:
            route = case.route or of_file.route
            if route not in routes:
                said = not_among(route, routes, f"there is no route {route}")
                raise CommandError(ExitCode.USAGE, f"{file}: {case.name}: {said}")
