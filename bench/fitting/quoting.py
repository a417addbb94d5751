"""Fit when the quoting model has an answer, and report it on other articles: `python -m bench.fitting.quoting`.

Positive are answers that hold what was expected; negative are all others, those to questions without an answer among
them. Run it after `bench.fitting.relevance`, which decides what the model is shown.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.fitting.answers import UNBOUND, Quoted, quoted
from bench.fitting.cases import Kind
from bench.fitting.logistic import Estimate, Floats, area, area_interval, fit, write
from bench.fitting.relevance import FOLDER, text
from bench.split import Part
from groundwire_server.adapters.generator.quoting import FEATURES

FILE = Path("server/groundwire_server/adapters/generator/quoting.toml")
COMMAND = "python -m bench.fitting.quoting"

PENALTY = 8.0
LOST = 0.005
"""Share of the right answers that are weaker than `enough`: what is given up to answer fewer questions wrongly."""

LOOKALIKES_SURE = 0.1
"""Share of the questions that only look answerable whose answers may be `sure`.

Articles differ: on others it may be half as many again.
"""


def strengths(answers: Sequence[Quoted], estimate: Estimate) -> Floats:
    """Return the strength of each answer; 0 where there is none, or one that contradicts its question."""
    columns = [FEATURES.index(name) for name in estimate.weights]
    rows = np.array([each.answer.features or (0.0,) * len(FEATURES) for each in answers])
    found = estimate.probabilities(rows[:, columns])
    return np.array(
        [
            strength if each.answered and each.answer.agreement and not each.answer.agreement.contradicts else 0.0
            for strength, each in zip(found, answers, strict=True)
        ]
    )


def report(name: str, answers: Sequence[Quoted], estimate: Estimate, enough: float, sure: float) -> None:
    found = strengths(answers, estimate)
    right = np.array([each.right for each in answers])
    kinds = {kind: np.array([each.of(kind) for each in answers]) for kind in Kind}
    print(f"\n{name}: {estimate}")
    for kind, those in kinds.items():
        answered = int((found[those] >= enough).sum())
        print(
            f"  {kind:10} answered {text(answered, int(those.sum()))};"
            f" surely {text(int((found[those] >= sure).sum()), int(those.sum()))}"
        )
    given = kinds[Kind.ANSWERABLE] & (found >= enough)
    print(f"  holds what was expected, of those answered: {text(int((right & given).sum()), int(given.sum()))}")
    print(f"  right answers that are sure: {text(int((right & (found >= sure)).sum()), int((right & given).sum()))}")
    for label, negative in (("lookalike", kinds[Kind.LOOKALIKE]), ("given, but not right", ~right & (found >= enough))):
        low, high = area_interval(found[right & given], found[negative])
        between = area(found[right & given], found[negative])
        print(f"  area, right against {label}: {between:.3f} ({low:.3f} to {high:.3f})")


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="keeps what was searched")
    folder = parser.parse_args().folder
    # What is there may weigh features that are no longer computed.
    write(FILE, COMMAND, 0, {"vectors": Estimate(0.0, {}), "words": Estimate(0.0, {})}, {})
    models: dict[str, Estimate] = {}
    found: dict[str, list[Quoted]] = {}
    for name in ("vectors", "words"):
        names = FEATURES if name == "vectors" else FEATURES[1:]
        found[name] = quoted(Part.FITTED, folder, UNBOUND, vectors=name == "vectors")
        usable = [each for each in found[name] if each.answered]
        rows = np.array([each.answer.features for each in usable])[:, [FEATURES.index(each) for each in names]]
        models[name] = fit(names, rows, np.array([each.right for each in usable]), PENALTY)
    thresholds = {}
    for name, answers in found.items():
        levels = strengths(answers, models[name])
        right = np.array([each.right for each in answers])
        lookalike = np.array([each.of(Kind.LOOKALIKE) for each in answers])
        thresholds[f"enough_{name}"] = round(float(np.quantile(levels[right & (levels > 0)], LOST)), 3)
        thresholds[f"sure_{name}"] = round(float(np.quantile(levels[lookalike], 1 - LOOKALIKES_SURE)), 3)
    for part in Part:
        for name, model in models.items():
            answers = quoted(part, folder, UNBOUND, vectors=name == "vectors")
            report(f"{name}, {part}", answers, model, thresholds[f"enough_{name}"], thresholds[f"sure_{name}"])
    write(FILE, COMMAND, len(found["vectors"]), models, thresholds)
    print(f"\nwrote {FILE}: {thresholds}")


if __name__ == "__main__":
    main()
