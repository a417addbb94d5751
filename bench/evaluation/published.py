"""The error rates that the documentation publishes: by kind of statement, on what nothing is fitted on."""

import re
from collections.abc import Iterator
from pathlib import Path

from bench.evaluation.data import STATEMENTS
from bench.split import Part
from groundwire_server.evaluation.measures.intervals import Figure, share
from groundwire_server.evaluation.measures.values import REFUSED, statement_values
from groundwire_server.evaluation.recording import RecordedRun, RecordedStatement

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "verdicts.md"

_PLACE = re.compile(r"(?<=<!-- error rates: make eval ARGS=--publish -->\n).*(?=<!-- end -->)", re.DOTALL)


def publish(recording: RecordedRun, page: Path = PAGE) -> None:
    """Write the error rates of a recording into the page."""
    page.write_text(with_rates(page.read_text(encoding="utf-8"), recording), encoding="utf-8")


def with_rates(text: str, recording: RecordedRun) -> str:
    """Return a page's text with the error rates of a recording in their place."""
    return _PLACE.sub(lambda _: "\n".join(["", *_tables(recording), "", ""]), text)


def _tables(recording: RecordedRun) -> Iterator[str]:
    lines = [
        line
        for line in recording.lines
        if isinstance(line, RecordedStatement) and Part.REPORTED.value in line.item.slice and _of_file(line)
    ]
    for supported, head in ((False, "false statement"), (True, "true statement")):
        wrong = "let through" if not supported else "refused"
        yield f"| {head} | of | {wrong} | 95 % |"
        yield "|---|---|---|---|"
        chosen = [line for line in lines if line.item.supported is supported]
        for name in dict.fromkeys(
            sorted((_named(line) for line in chosen), key=lambda name: ("technical" in name, name))
        ):
            refused = [statement_values(line)[REFUSED] for line in chosen if _named(line) == name]
            figure = share(refused if supported else [1.0 - each for each in refused])
            yield f"| {name} | {figure.count} | {_percent(figure)} | {_interval(figure)} |"
        yield ""


def _of_file(line: RecordedStatement) -> str:
    return next((file for file in STATEMENTS if file in line.item.slice), "")


def _named(line: RecordedStatement) -> str:
    name = re.sub(r"^(true|false), ", "", line.item.kind)
    if _of_file(line) != "technical.json":
        return name
    return "in German or French (technical)" if name.endswith((", German", ", French")) else f"{name} (technical)"


def _percent(figure: Figure) -> str:
    return "–" if figure.value is None else f"{figure.value:.0%}"


def _interval(figure: Figure) -> str:
    return "" if figure.low is None or figure.high is None else f"{figure.low:.0%} to {figure.high:.0%}"
