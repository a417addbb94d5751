"""The weights that the package brings are what the script makes of the data, and of data that may be fitted on."""

import json
from importlib.resources import files
from random import Random

import pytest

from bench.fitting.checker import SEED, WEIGHTS, file_hashes, weights, written
from bench.fitting.edits import EDITS
from bench.fitting.material import Material
from bench.fitting.rewordings import joined, reworded
from bench.fitting.rows import Source, read_rows
from bench.split import Part, read_split
from groundwire_server.domain.claims.features import FEATURES
from groundwire_server.domain.claims.trees import Classifier

PACKAGED = files("groundwire_server.domain.claims").joinpath("weights.json").read_text(encoding="utf-8")

PASSAGE = (
    "In 1926, Easton Mills bought Marwell Works for 12 million dollars, although two banks opposed it. All kilns were"
    " closed before the war because they were not safe. If coal is cheap, the owner may open them, unless Lund objects."
)
STATEMENTS = [
    "In 1926 Easton Mills bought Marwell Works for 12 million dollars, although two banks opposed it.",
    "All kilns were closed before the war because they were not safe.",
    "If coal is cheap, the owner may open the kilns of Easton Mills, unless Lund objects.",
]


def material(seed: int) -> Material:
    others = ["The Normans of Rouen paid 350 coins in secret to the royal court of Paris for the annual feast."]
    return Material.of([PASSAGE, *others], Random(seed))


def test_the_weights_say_which_data_they_are_fitted_on() -> None:
    classifier = Classifier.parse(PACKAGED)
    split = read_split()
    assert classifier.features == FEATURES
    assert classifier.origin["files"] == file_hashes()
    assert classifier.origin["seed"] == SEED
    fitted = sorted(title for title, part in split.parts.items() if part is Part.FITTED)
    assert json.loads(PACKAGED)["origin"]["split"]["fitted"] == fitted
    assert 0.0 < classifier.threshold < 1.0


@pytest.mark.slow
@pytest.mark.process
def test_the_weights_are_what_the_script_makes() -> None:
    assert written(weights()) == PACKAGED
    assert WEIGHTS.read_text(encoding="utf-8") == PACKAGED


def test_nothing_is_fitted_on_articles_kept_for_reports() -> None:
    split = read_split()
    rows = read_rows(split, SEED)
    assert {row.source for row in rows} == set(Source)
    for row in rows:
        parts = {split.part_of(text) for text, _ in row.passages if split.article_of(text)}
        assert parts <= {Part.FITTED}
        assert row.source is Source.DEVELOPMENT or parts


def test_rows_are_the_same_for_the_same_seed() -> None:
    split = read_split()
    assert read_rows(split, 3) == read_rows(split, 3)
    assert read_rows(split, 3) != read_rows(split, 4)


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_changes_some_statement(name: str) -> None:
    edited = {EDITS[name](text, PASSAGE, material(seed)) for text in STATEMENTS for seed in range(30)}
    assert edited - {None, *STATEMENTS}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("text", ["", "Hm", "the", "It rains."])
def test_edits_leave_alone_what_they_cannot_change(name: str, text: str) -> None:
    for seed in range(5):
        changed = EDITS[name](text, PASSAGE, material(seed))
        assert changed is None or changed != text


def test_rewordings_say_the_same_in_other_words() -> None:
    made = {reworded(text, material(seed)) for text in STATEMENTS for seed in range(40)}
    assert "All kilns were closed before the war since they were not safe." in made
    assert len(made) > 3 * len(STATEMENTS)
    assert all(text[0].isupper() for text in made)


def test_joined_statements_are_one_sentence() -> None:
    for seed in range(10):
        text = joined(STATEMENTS[1], STATEMENTS[2], material(seed))
        assert text.count(".") == 1
        assert "kilns were closed" in text
        assert "coal is cheap" in text
