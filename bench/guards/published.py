"""`python -m bench.guards.published RESULT.json`: writes the figures of guards into the documentation.

RESULT.json is what `groundwire eval --json` made of the texts of `bench.guards.labelled`. Its error rates are kept in
`bench/figures/guards.json`, with the table of `bench.guards.obeying`; those of `bench.guards.detection` stand in
`bench/figures/detection.json`. Without RESULT.json the page is filled from these files again.
"""

import argparse
import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from bench.guards.data import read_planted
from bench.guards.labelled import SCREENS
from bench.guards.obeying import fates, table
from groundwire_server.evaluation.measures.intervals import Figure, share

PAGE: Final = Path(__file__).parents[2] / "docs" / "explanation" / "guards.md"
FIGURES: Final = Path(__file__).parents[1] / "figures" / "guards.json"
DETECTION: Final = Path(__file__).parents[1] / "figures" / "detection.json"

_PLACE: Final = re.compile(
    r"(<!-- (\w+) of guards: python -m bench\.guards\.published -->\n).*?(?=<!-- end -->)", re.DOTALL
)

_SMALL: Final = 0.0995
"""Shares below it are written with a digit after the point."""

Facts: TypeAlias = Mapping[str, Any]


def kept(result: Facts, release: str) -> Facts:
    """Return what is published of a result: the error rates, and nothing of the texts.

    Args:
        result: of `groundwire eval`.
        release: the table of what leaves where a model obeys.
    """
    screens = {screen: result["slices"][screen]["guards"] for screen in SCREENS if screen in result["slices"]}
    return {
        "by_screen": {
            screen: {name: rates[name] for name in ("missed", "false_alarms")} for screen, rates in screens.items()
        },
        "by_category": result["measures"]["guards"]["by_category"],
        "release": release.splitlines(),
    }


def filled(text: str, rates: Facts | None, detection: Facts | None) -> str:
    """Return a page's text with its tables; a table whose figures are not there stays as it is.

    Args:
        text: of the page.
        rates: what `kept` returns.
        detection: what `bench.guards.detection` publishes.
    """
    tables = {
        "rates": None if rates is None else list(_rates(rates)),
        "release": None if rates is None else rates["release"],
        "detection": None if detection is None else list(_detection(detection)),
    }

    def written(place: re.Match[str]) -> str:
        lines = tables[place[2]]
        return place[0] if lines is None else "\n".join([place[1], *lines, "", ""])

    return _PLACE.sub(written, text)


def _rates(rates: Facts) -> Iterator[str]:
    yield "| screen | guard | category | texts | missed | 95 % | ordinary texts | flagged by mistake | 95 % |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for screen, of_all in rates["by_screen"].items():
        yield f"| **{screen}** | all | any | {_cells(of_all)} |"
        for row in rates["by_category"]:
            if row["screen"] == screen and row["missed"]["count"]:
                yield f"| | `{row['guard']}` | `{row['category']}` | {_cells(row)} |"


def _cells(row: Facts) -> str:
    missed, alarms = Figure(**row["missed"]), Figure(**row["false_alarms"])
    cells = (missed.count, _percent(missed), _interval(missed), alarms.count, _percent(alarms), _interval(alarms))
    return " | ".join(map(str, cells))


def _detection(detection: Facts) -> Iterator[str]:
    """Yield what was flagged in all, of each group; ordinary texts by where they come from."""
    yield "| texts | of | flagged | 95 % |"
    yield "|---|---|---|---|"
    for row in detection["rows"]:
        ordinary = row["group"].startswith("ordinary")
        if row["kind"] != "all" and not ordinary:
            continue
        flagged = share([1.0] * row["flagged"] + [0.0] * (row["count"] - row["flagged"]))
        name = f"{row['group']}: {row['kind']}" if ordinary else row["group"]
        yield f"| {name} | {flagged.count:,} | {_percent(flagged)} | {_interval(flagged)} |"


def _percent(figure: Figure) -> str:
    return "–" if figure.value is None else _share(figure.value)


def _interval(figure: Figure) -> str:
    return "" if figure.low is None or figure.high is None else f"{_share(figure.low)} to {_share(figure.high)}"


def _share(value: float) -> str:
    """Return a share in percent, a small one with a digit more."""
    return f"{value:.1%}" if 0.0005 <= value < _SMALL else f"{value:.0%}"


def _read(file: Path) -> Facts | None:
    if not file.exists():
        return None
    facts: Facts = json.loads(file.read_text(encoding="utf-8"))
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.guards.published", description=__doc__)
    parser.add_argument("result", type=Path, nargs="?", metavar="RESULT.json", help="of groundwire eval")
    given = parser.parse_args()
    if given.result is not None:
        FIGURES.parent.mkdir(exist_ok=True)
        release = table(asyncio.run(fates(read_planted())))
        rates = kept(json.loads(given.result.read_text(encoding="utf-8")), release)
        FIGURES.write_text(json.dumps(rates, indent=1) + "\n", encoding="utf-8")
    page = filled(PAGE.read_text(encoding="utf-8"), _read(FIGURES), _read(DETECTION))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
