"""The rows as a table of text, and as a section of the page."""

from collections.abc import Iterator, Sequence

import htpy as h
from htpy import Element

from bench.evaluation.rows import QualityRow
from bench.split import Split
from bench.verdicts import Verdict
from groundwire_server.cli.pages.page import badge, section, table

_STYLES = {Verdict.MET: "good", Verdict.MISSED: "bad"}
_NOTE = (
    "Reported is what was measured on the articles that nothing is fitted on, fitted on the others. The verdict is "
    "that of the figure itself; within noise says that its 95 % interval holds values on both sides of the target."
)


def lines(rows: Sequence[QualityRow], split: Split, missing: Sequence[str]) -> Iterator[str]:
    """Yield the table."""
    for part in sorted(set(split.parts.values())):
        yield f"{part}: {', '.join(title for title, its in split.parts.items() if its is part)}"
    yield from (f"not measured: bench/data/{name} is missing" for name in missing)
    yield ""
    yield f"{'':66}{'reported':>9}  {'95 %':>15}{'of':>6}  {'target':>9}  {'fitted':>7}"
    for row in rows:
        if row.figure.value is None:
            yield f"{row.target.what:66}{'–':>9}  not measured"
            continue
        yield (
            f"{row.target.what:66}{row.figure.value:>9.1%}  {_interval(row):>15}{row.figure.count:>6}  "
            f"{row.target.promise:>9}  {_fitted(row):>7}  {_verdict(row)}"
        ).rstrip()


def targets_section(rows: Sequence[QualityRow]) -> Element:
    """Return the table as a section of the page."""
    body = (
        (
            row.target.what,
            "–" if row.figure.value is None else f"{row.figure.value:.1%}",
            h.span(".n")[_interval(row)],
            f"{row.figure.count:,}",
            _fitted(row),
            h.span(".n")[row.target.promise],
            badge(_verdict(row), _STYLES[row.verdict]) if row.verdict in _STYLES else "",
        )
        for row in rows
    )
    head = ("measure", "reported", "95 % interval", "of", "fitted", "target", "verdict")
    return section("Targets", table(head, body), note=_NOTE)


def _interval(row: QualityRow) -> str:
    return "" if row.figure.low is None else f"{row.figure.low:.1%} to {row.figure.high:.1%}"


def _fitted(row: QualityRow) -> str:
    return "" if row.fitted is None or row.fitted.value is None else f"{row.fitted.value:.1%}"


def _verdict(row: QualityRow) -> str:
    if row.verdict is Verdict.NONE:
        return ""
    return f"{row.verdict}{', within noise' if row.near else ''}"
