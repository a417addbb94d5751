"""Fit how relevance is computed, and report its error rates on other articles: `python -m bench.fitting.relevance`.

Positive are questions that a corpus answers, negative those about something else. Questions that only look as if, and
those whose answer is withheld, are left out: no measure of passages tells them apart, and an estimate that tried would
refuse good ones. The weights are written to the file that the server reads; the report is printed.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.fitting.cases import SMALL, Case, Kind, cases
from bench.fitting.logistic import Estimate, Floats, area, fit, write
from bench.split import Part
from groundwire_server.evaluation.thresholds import Rate
from groundwire_server.pipeline.relevance import FEATURES, VECTORS, WORDS, features

FILE = Path("server/groundwire_server/pipeline/relevance.toml")
FOLDER = Path("build/fitting")
COMMAND = "python -m bench.fitting.relevance"

LOSSES = (0.01, 0.02, 0.03, 0.05)
"""Shares of the answerable questions that a threshold may refuse."""

PENALTY = 3.0
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A question's features.

    Attributes:
        rows: one for each passage.
        weight: how much it counts.
    """

    kind: Kind
    paragraphs: int
    rows: Floats
    weight: float


def of_cases(given: Sequence[Case]) -> list[Found]:
    """Return the features of what was found; the small corpora of all sizes together weigh as much as the large one."""
    small = sum(case.paragraphs > 0 for case in given) or 1
    large = sum(case.paragraphs == 0 for case in given)
    return [
        Found(
            case.question.kind,
            case.paragraphs,
            np.array(features(case.question.text, case.passages, 1.0)).reshape(-1, len(FEATURES)),
            large / small if case.paragraphs else 1.0,
        )
        for case in given
        if case.question.kind in (Kind.ANSWERABLE, Kind.ABSENT)
    ]


def fitted(found: Sequence[Found], names: Sequence[str]) -> Estimate:
    """Fit on the best passage of each question, which is another one after each round."""
    columns = [FEATURES.index(name) for name in names]
    usable = [each for each in found if len(each.rows)]
    labels = np.array([each.kind is Kind.ANSWERABLE for each in usable])
    weights = np.array([each.weight for each in usable])
    chosen = [int(each.rows[:, :3].sum(axis=1).argmax()) for each in usable]
    estimate = Estimate(0.0, {})
    for _ in range(_ROUNDS):
        rows = np.array([each.rows[index, columns] for each, index in zip(usable, chosen, strict=True)])
        estimate = fit(names, rows, labels, PENALTY, weights)
        chosen = [int(estimate.probabilities(each.rows[:, columns]).argmax()) for each in usable]
    return estimate


def best(found: Sequence[Found], estimate: Estimate) -> Floats:
    """Return the relevance of the best passage of each question."""
    columns = [FEATURES.index(name) for name in estimate.weights]
    return np.array([estimate.probabilities(each.rows[:, columns]).max() if len(each.rows) else 0.0 for each in found])


def levels(found: Sequence[Found], estimate: Estimate) -> tuple[Floats, Floats]:
    """Return them of the answerable questions and of the others."""
    relevances = best(found, estimate)
    answerable = np.array([each.kind is Kind.ANSWERABLE for each in found])
    return relevances[answerable], relevances[~answerable]


def of_corpus(found: Sequence[Found], paragraphs: int) -> list[Found]:
    return [each for each in found if each.paragraphs == paragraphs]


def text(wrong: int, of: int) -> str:
    rate = Rate(wrong, of)
    low, high = rate.interval
    return f"{rate.share:6.1%} ({low:.1%} to {high:.1%})"


def report(name: str, estimate: Estimate, to_fit: Sequence[Found], reported: Sequence[Found]) -> None:
    print(f"\n{name}: {estimate}")
    chosen, _ = levels(of_corpus(to_fit, 0), estimate)
    for paragraphs in (0, *SMALL):
        positive, negative = levels(of_corpus(reported, paragraphs), estimate)
        print(f"  {f'{paragraphs} paragraphs' if paragraphs else 'all articles'}: area {area(positive, negative):.4f}")
        for loss in LOSSES:
            level = float(np.quantile(chosen, loss))
            refused, through = int((positive < level).sum()), int((negative >= level).sum())
            print(
                f"    from {level:.3f}: answerable, but refused {text(refused, len(positive))};"
                f" about something else, but let through {text(through, len(negative))}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="keeps what was searched")
    folder = parser.parse_args().folder
    models = {}
    count = 0
    for vectors in (True, False):
        to_fit, reported = (of_cases(cases(part, vectors=vectors, folder=folder)) for part in Part)
        name, names = (VECTORS, FEATURES) if vectors else (WORDS, FEATURES[1:])
        models[name], count = fitted(to_fit, names), len(to_fit)
        report(name, models[name], to_fit, reported)
    write(FILE, COMMAND, count, models, {})
    print(f"\nwrote {FILE}")


if __name__ == "__main__":
    main()
