"""How well guards find what is in texts: the values of one text, and error rates by guard and category."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import product
from typing import Final

from groundwire_server.evaluation.measures.intervals import share
from groundwire_server.evaluation.measures.values import Values
from groundwire_server.evaluation.recording import RecordedGuard, RecordedText

LABELLED: Final = "labelled/"
"""Stands before each category that a text is labelled with, among its values."""


def text_values(line: RecordedText) -> Values:
    """Return the values of a text; one that a guard could not be asked about counts as failed alone."""
    labelled, found = frozenset(line.item.categories), _found(line)
    values: dict[str, float] = {f"{LABELLED}{category}": 1.0 for category in sorted(labelled)}
    values["guards/failed"] = float(bool(line.unavailable))
    if line.unavailable:
        return values
    if labelled:
        values["guards/missed"] = float(not found)
        values["guards/category_missed"] = float(not labelled <= found)
    else:
        values["guards/false_alarms"] = float(bool(found))
    return values


def tables(texts: Sequence[RecordedText], guards: Sequence[RecordedGuard]) -> Mapping[str, object]:
    """Return the error rates by screen, guard and category, those by language, and what was found in place of what.

    Args:
        texts: with what was found in them.
        guards: those of all screens, with their categories.
    """
    return {
        "by_category": list(_by_category(texts, guards)),
        "by_language": list(_by_language(texts)),
        "confusions": list(_confusions(texts)),
    }


def _by_category(texts: Sequence[RecordedText], guards: Sequence[RecordedGuard]) -> Iterator[dict[str, object]]:
    """Yield the error rates of each guard for each category that it knows.

    What is missed counts among the texts labelled with the category, false alarms among ordinary ones, and what is
    found elsewhere among those that are labelled with other categories alone.
    """
    for guard in guards:
        seen = [line for line in texts if line.item.screen == guard.screen and guard.name in line.guards]
        if not seen:
            continue
        found = [_found(line, guard.name) for line in seen]
        for category in guard.categories:
            groups: dict[str, list[float]] = {"missed": [], "false_alarms": [], "elsewhere": []}
            for line, its in zip(seen, found, strict=True):
                if category in line.item.categories:
                    groups["missed"].append(float(category not in its))
                else:
                    groups["elsewhere" if line.item.categories else "false_alarms"].append(float(category in its))
            yield {
                "screen": guard.screen,
                "guard": guard.name,
                "version": guard.version,
                "category": category,
                **{name: share(flags).facts() for name, flags in groups.items()},
            }


def _by_language(texts: Sequence[RecordedText]) -> Iterator[dict[str, object]]:
    """Yield the error rates of all guards together for each language; texts without one come last."""
    groups: dict[tuple[str, str], list[Values]] = defaultdict(list)
    for line in texts:
        groups[line.item.screen, line.item.language].append(text_values(line))
    for (screen, language), values in sorted(groups.items(), key=lambda each: (each[0][0], not each[0][1], each[0])):
        rates = {
            name: share([each[f"guards/{name}"] for each in values if f"guards/{name}" in each]).facts()
            for name in ("missed", "false_alarms")
        }
        yield {"screen": screen, "language": language or None, **rates}


def _confusions(texts: Sequence[RecordedText]) -> Iterator[dict[str, object]]:
    """Yield, for each screen, how many texts had one category found in place of another, or of none.

    A category that was missed is paired with each that was found and is not the text's own; with None where there is
    none. One that was found in an ordinary text stands in place of None.
    """
    counts: Counter[tuple[str, str | None, str | None]] = Counter()
    for line in texts:
        if line.unavailable:
            continue
        labelled, found = frozenset(line.item.categories), _found(line)
        missed, other = sorted(labelled - found), sorted(found - labelled)
        labelled_as: list[str | None] = [*missed] if labelled else [None]
        found_as: list[str | None] = [*other] or ([None] if labelled else [])
        counts.update((line.item.screen, *pair) for pair in product(labelled_as, found_as))
    for (screen, its, other_category), count in sorted(
        counts.items(), key=lambda each: (each[0][0], -each[1], each[0][1] or "", each[0][2] or "")
    ):
        yield {"screen": screen, "labelled": its, "found": other_category, "texts": count}


def _found(line: RecordedText, guard: str | None = None) -> Set[str]:
    """Return the categories that were found in a text, by one guard or by all."""
    return {each.category for each in line.findings if guard is None or each.guard == guard}
