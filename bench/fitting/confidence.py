"""Fit the service's confidence and report it on other articles: `python -m bench.fitting.confidence`.

Over the quoting model's answers; right are those that hold what was expected. Run it after `bench.fitting.quoting`,
whose word is one of the grounds. It also draws the calibration curve of the documentation.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.fitting.answers import Quoted, quoted
from bench.fitting.cases import Kind
from bench.fitting.curve import Bin, svg
from bench.fitting.logistic import Estimate, Floats, area, area_interval, fit, write
from bench.fitting.relevance import FOLDER, text
from bench.split import Part
from groundwire_server.adapters.generator.quoting import Tuning
from groundwire_server.domain.vocabulary import Confidence
from groundwire_server.evaluation.thresholds import Rate
from groundwire_server.pipeline.confidence import FEATURES, VECTORS, WORDS, Grounds

FILE = Path("server/groundwire_server/pipeline/confidence.toml")
CURVE = Path("docs/assets/confidence.svg")
COMMAND = "python -m bench.fitting.confidence"

PENALTY = 8.0
LOOKALIKES_HIGH = 0.1
"""Share of the questions that only look answerable whose answers may have HIGH confidence.

Articles differ: on others it may be half as many again.
"""

RIGHT_LOW = 0.03
"""Share of the right answers whose confidence may be LOW."""

_UNHEEDING = Tuning(enough=-1.0, heed=False)
"""Answers that contradict their question are fitted on too: other models give them."""

_BINS = 8


@dataclass(frozen=True, slots=True)
class Rated:
    """An answer with its grounds."""

    quoted: Quoted
    grounds: Grounds

    @property
    def may_be_high(self) -> bool:
        return self.grounds.model is Confidence.HIGH and not self.grounds.agreement.contradicts


def asked_alike(answers: Sequence[Quoted]) -> list[Quoted]:
    """Return the answers without those that were withheld: they would count each question twice."""
    return [each for each in answers if not each.of(Kind.WITHHELD)]


def rated(answers: Sequence[Quoted]) -> list[Rated]:
    """Return the answers that were given, with their grounds: the quoting model's are verbatim."""
    return [Rated(each, _grounds(each)) for each in answers if each.answered]


def _grounds(each: Quoted) -> Grounds:
    agreement = each.answer.agreement
    assert agreement is not None
    cited = {handle for _, handles in each.answer.segments for handle in handles}
    measured = [each.passages[handle].scores.vector_similarity for handle in cited]
    similarity = max((one for one in measured if one is not None), default=None)
    return Grounds(True, False, similarity, agreement, each.answer.confidence)


def probabilities(answers: Sequence[Rated], estimate: Estimate) -> Floats:
    columns = [FEATURES.index(name) for name in estimate.weights]
    return estimate.probabilities(np.array([each.grounds.features for each in answers])[:, columns])


def mask(answers: Sequence[Rated], kind: Kind) -> npt.NDArray[np.bool_]:
    return np.array([each.quoted.of(kind) for each in answers])


def thresholds(answers: Sequence[Rated], found: Floats, asked: int) -> tuple[float, float]:
    """Return the levels of HIGH and of MEDIUM.

    Args:
        answers: that were given.
        found: their probabilities.
        asked: the number of questions that only look answerable.
    """
    lookalike, right = mask(answers, Kind.LOOKALIKE), np.array([each.quoted.right for each in answers])
    might = np.array([each.may_be_high for each in answers])
    levels = np.sort(found[lookalike & might])[::-1]
    allowed = int(LOOKALIKES_HIGH * asked)
    high = levels[allowed] if len(levels) > allowed else levels[-1]
    return round(float(high), 3), round(float(np.quantile(found[right], RIGHT_LOW)), 3)


def report(name: str, answers: Sequence[Quoted], estimate: Estimate, high: float, medium: float) -> list[Bin]:
    """Print how well the levels do on the answers that the quoting model really gives; return the curve."""
    given = rated(answers)
    found = probabilities(given, estimate)
    right = np.array([each.quoted.right for each in given])
    is_high = np.array([each.may_be_high for each in given]) & (found >= high)
    print(f"\n{name}: {estimate}")
    for label, those in (("right", right), ("wrong", mask(given, Kind.ANSWERABLE) & ~right)):
        shares = (is_high, ~is_high & (found >= medium), ~is_high & (found < medium))
        counts = [text(int((those & each).sum()), int(those.sum())) for each in shares]
        print(f"  {label:9} HIGH, MEDIUM, LOW: {', '.join(counts)}")
    lookalike, asked = mask(given, Kind.LOOKALIKE), sum(each.of(Kind.LOOKALIKE) for each in answers)
    print(f"  lookalike HIGH, of those asked: {text(int((lookalike & is_high).sum()), asked)}")
    print(f"  HIGH that is right: {text(int((right & is_high).sum()), int(is_high.sum()))}")
    unanswered = np.zeros(asked - int(lookalike.sum()))
    against = {
        "lookalikes asked": np.concatenate([found[lookalike], unanswered]),
        "answers that are not right": found[~right],
    }
    for label, negative in against.items():
        low, top = area_interval(found[right], negative)
        print(f"  area, right against {label}: {area(found[right], negative):.3f} ({low:.3f} to {top:.3f})")
    return bins(found, right)


def bins(found: Floats, right: npt.NDArray[np.bool_]) -> list[Bin]:
    """Return the calibration curve: groups of as many answers each, by their probability."""
    groups = np.array_split(np.argsort(found, kind="stable"), _BINS)
    return [
        Bin(float(found[group].mean()), Rate(int(right[group].sum()), len(group))) for group in groups if len(group)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="keeps what was searched")
    folder = parser.parse_args().folder
    models: dict[str, Estimate] = {}
    levels: dict[str, float] = {}
    count = 0
    for name in (VECTORS, WORDS):
        vectors = name == VECTORS
        names = [each for each in FEATURES if vectors or each != "similarity"]
        answers = asked_alike(quoted(Part.FITTED, folder, _UNHEEDING, vectors=vectors))
        given = rated(answers)
        rows = np.array([each.grounds.features for each in given])[:, [FEATURES.index(each) for each in names]]
        models[name] = fit(names, rows, np.array([each.quoted.right for each in given]), PENALTY)
        asked = sum(each.of(Kind.LOOKALIKE) for each in answers)
        high, medium = thresholds(given, probabilities(given, models[name]), asked)
        levels |= {f"high_{name}": high, f"medium_{name}": medium}
        count = len(answers)
    curves = {}
    for part in Part:
        for name, model in models.items():
            answers = asked_alike(quoted(part, folder, Tuning(), vectors=name == VECTORS))
            label = f"{name}, {part}"
            curves[label] = report(label, answers, model, levels[f"high_{name}"], levels[f"medium_{name}"])
    write(FILE, COMMAND, count, models, levels)
    CURVE.write_text(svg({name: curves[f"{name}, {Part.REPORTED}"] for name in models}), encoding="utf-8")
    print(f"\nwrote {FILE}: {levels}, and {CURVE}")


if __name__ == "__main__":
    main()
