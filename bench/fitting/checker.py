"""`python -m bench.fitting.checker`: fits the classifier of the rule checker on bench/data and writes its weights.

Statements that a rule objects to firmly are refused whatever the classifier says, so it is fitted on the others. The
threshold is the largest at which rules and classifier together refuse few enough true statements of the development
set, in cross-validation: each passage of it, and each article, is judged by weights that were fitted without it.
"""

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from random import Random

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from bench.fitting.rows import FILES, Row, Source, read_rows
from bench.split import SEED as SEED_OF_SPLIT
from bench.split import Part, read_split
from groundwire_server.domain.claims.checker import FITTED_FOR, compare, guess_language, without_emphasis
from groundwire_server.domain.claims.evidence import EvidenceText, Unit
from groundwire_server.domain.claims.features import FEATURES, features
from groundwire_server.domain.claims.language import language

WEIGHTS = Path(__file__).parents[2] / "server/groundwire_server/domain/claims/weights.json"
SEED = 0

_TREES, _DEPTH, _RATE, _LEAST_IN_LEAF, _SHARE_OF_FEATURES = 80, 4, 0.1, 20, 0.5
_SPEAK_FOR = frozenset("matched matched_in_first covered first_unit_used pairs".split())
_SPEAK_AGAINST = frozenset(
    """
found_nowhere count_nowhere names_elsewhere added longest_addition replaced_by_elsewhere soft_number soft_name
soft_negation soft_quantifier soft_role soft_condition soft_modality soft_attribution
""".split()
)
"""Features that can only raise and only lower the probability, whatever the few rows of a leaf say."""

_FOLDS = 4
_MOST_REFUSED = 0.01
"""Share of the true statements of the development set that no rule refuses and the classifier may. Rules were written
with that set in sight: what they refuse of it tells too little of other texts.
"""
_THRESHOLDS = [step / 100 for step in range(5, 51)]
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows as the classifier sees them.

    Attributes:
        rows: as they were read.
        features: of each row; shape (rows, features).
        refused: whether a rule objects firmly; shape (rows,).
    """

    rows: Sequence[Row]
    features: np.ndarray
    refused: np.ndarray

    @property
    def supported(self) -> np.ndarray:
        return np.array([row.supported for row in self.rows])

    def chosen(self, choice: Callable[[Row], bool]) -> np.ndarray:
        """Return which rows a predicate holds for; shape (rows,)."""
        return np.array([choice(row) for row in self.rows])


def sample(rows: Sequence[Row]) -> Sample:
    """Return the rows that the classifier is asked about, compared with their passages."""

    @cache
    def evidence(passage: tuple[str, str]) -> EvidenceText:
        return EvidenceText(*passage)

    kept, seen, refused = [], [], []
    for row in rows:
        statement, given = Unit(without_emphasis(row.text)), [evidence(passage) for passage in row.passages]
        spoken = language(statement.text) or guess_language(statement.text, given)
        if statement.sig and spoken in FITTED_FOR:
            alignment, found = compare(statement, given, spoken)
            kept.append(row)
            seen.append(features(alignment, found))
            refused.append(any(each.firm for each in found))
    return Sample(kept, np.array(seen, dtype=float), np.array(refused))


def fit(data: Sample, chosen: np.ndarray) -> HistGradientBoostingClassifier:
    """Return the classifier fitted on the chosen rows that no rule refuses."""
    used = chosen & ~data.refused
    model = HistGradientBoostingClassifier(
        max_iter=_TREES,
        max_depth=_DEPTH,
        learning_rate=_RATE,
        min_samples_leaf=_LEAST_IN_LEAF,
        max_features=_SHARE_OF_FEATURES,
        monotonic_cst=[(name in _SPEAK_FOR) - (name in _SPEAK_AGAINST) for name in FEATURES],
        early_stopping=False,
        random_state=SEED,
    )
    weights = np.array([row.weight for row in data.rows])
    return model.fit(data.features[used], data.supported[used], sample_weight=weights[used])


def cross_validate(data: Sample) -> np.ndarray:
    """Return the probability of each row by weights that were fitted without its group; 0 where a rule refuses it."""
    found = np.zeros(len(data.rows))
    for held_out in _folds(data.rows):
        out = data.chosen(lambda row, held_out=held_out: row.group in held_out)  # type: ignore[misc]
        found[out] = fit(data, ~out).predict_proba(data.features[out])[:, 1]
    return np.where(data.refused, 0.0, found)


def _folds(rows: Sequence[Row]) -> list[frozenset[str]]:
    """Return the groups of each fold: an article of each, and a share of the passages of the development set."""
    development = sorted({row.group for row in rows if row.source is Source.DEVELOPMENT})
    articles = sorted({row.group for row in rows} - set(development))
    Random(SEED).shuffle(development)
    return [frozenset((*articles[fold::_FOLDS], *development[fold::_FOLDS])) for fold in range(_FOLDS)]


def choose_threshold(data: Sample, probabilities: np.ndarray) -> float:
    """Return the largest threshold at which the classifier refuses few enough true statements that the rules accept."""
    chosen = data.chosen(lambda row: row.supported and row.source is Source.DEVELOPMENT) & ~data.refused
    few = [threshold for threshold in _THRESHOLDS if (probabilities[chosen] < threshold).mean() <= _MOST_REFUSED]
    return max(few, default=_THRESHOLDS[0])


def error_rates(data: Sample, probabilities: np.ndarray, threshold: float) -> Mapping[str, Mapping[str, float | int]]:
    """Return for each source how many true statements are refused and how many false ones accepted."""
    refused = probabilities < threshold
    rates: dict[str, dict[str, float | int]] = {}
    for source in Source:
        its = data.chosen(lambda row, source=source: row.source is source)  # type: ignore[misc]
        true, false = its & data.supported, its & ~data.supported
        rates[source.value] = {
            "true": int(true.sum()),
            "true_refused": round(float(refused[true].mean()), 4),
            "false": int(false.sum()),
            "false_accepted": round(float((~refused[false]).mean()), 4),
        }
    return rates


def trees(model: HistGradientBoostingClassifier) -> list[list[list[float | int]]]:
    """Return the nodes of each tree as the server reads them."""
    # scikit-learn has no public way to read them.
    return [
        [
            [-1, 0, 0, 0, _rounded(node["value"])]
            if node["is_leaf"]
            else [
                int(node["feature_idx"]),
                float(node["num_threshold"]),
                int(node["left"]),
                int(node["right"]),
                0,
            ]
            for node in tree.nodes
        ]
        for (tree,) in model._predictors  # noqa: SLF001
    ]


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def file_hashes() -> dict[str, str]:
    """Return the SHA-256 of each file that rows are read from."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in FILES}


def weights() -> dict[str, object]:
    """Return all that the file of weights holds."""
    with threadpool_limits(1):  # sums in another order would differ in their last digits
        return _weights()


def _weights() -> dict[str, object]:
    split = read_split()
    data = sample(read_rows(split, SEED))
    probabilities = cross_validate(data)
    threshold = choose_threshold(data, probabilities)
    model = fit(data, np.full(len(data.rows), fill_value=True))
    counts = {source.value: sum(row.source is source for row in data.rows) for source in Source}
    return {
        "origin": {
            "script": "python -m bench.fitting.checker",
            "seed": SEED,
            "split": {
                "script": "bench/split.py",
                "seed": SEED_OF_SPLIT,
                "fitted": sorted(title for title, part in split.parts.items() if part is Part.FITTED),
            },
            "files": file_hashes(),
            "rows": {**counts, "refused_by_rules": int(data.refused.sum())},
            "scikit-learn": version("scikit-learn"),
            "threshold": {
                "rule": "largest with at most this share of the true statements of the development set refused that"
                " no rule refuses, cross-validated",
                "most_refused": _MOST_REFUSED,
            },
            "cross_validation": error_rates(data, probabilities, threshold),
        },
        "features": list(FEATURES),
        "threshold": threshold,
        "bias": _rounded(model._baseline_prediction.item()),  # noqa: SLF001
        "trees": trees(model),
    }


def written(made: Mapping[str, object]) -> str:
    """Return the text of a file of weights: a line for each tree, so that changes can be read."""
    lines = [f'"{name}": {json.dumps(made[name])}' for name in ("origin", "features", "threshold", "bias")]
    nodes = made["trees"]
    assert isinstance(nodes, list)
    lines.append('"trees": [\n' + ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in nodes) + "\n]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.fitting.checker",
        description=__doc__.partition(":")[2].strip() if __doc__ else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--output", type=Path, metavar="FILE", default=WEIGHTS, help="written instead of the package's")
    given = parser.parse_args()
    made = weights()
    given.output.write_text(written(made), encoding="utf-8")
    print(json.dumps(made["origin"], indent=2))
    print(f"threshold {made['threshold']}, written to {given.output}")


if __name__ == "__main__":
    main()
