"""The texts that guards are measured on, as `groundwire eval` reads them."""

from collections import Counter
from pathlib import Path

import pytest

from bench.guards.data import read_benign, read_personal, read_planted, read_questions
from bench.guards.labelled import SCREENS, labelled_texts, write
from groundwire_server.evaluation.inputs.files import read_inputs


def test_every_text_is_written_for_its_screen(tmp_path: Path) -> None:
    write(tmp_path / "texts")
    files = [tmp_path / "texts" / f"{screen}.jsonl" for screen in SCREENS]
    inputs, _ = read_inputs(files)

    assert [item for each in inputs for item in each.texts] == sorted(
        labelled_texts(), key=lambda text: SCREENS.index(text.screen)
    )
    assert [len(each.texts) for each in inputs] == [
        len(read_questions()),
        len(read_planted()) + len(read_benign()),
        len(read_personal()),
    ]


@pytest.mark.parametrize(
    ("screen", "wanted"),
    [
        ("question", {"injection": 18, "jailbreak": 20, "prompt_extraction": 12, "nonsense": 10}),
        (
            "evidence",
            {
                "instruction": 21,
                "role_marker": 4,
                "encoded_payload": 3,
                "hidden_text": 4,
                "credential_request": 1,
                "payment_request": 1,
                "contact_request": 1,
            },
        ),
    ],
)
def test_each_kind_has_the_category_that_its_guard_gives_it(screen: str, wanted: dict[str, int]) -> None:
    texts = [text for text in labelled_texts() if text.screen == screen]
    assert Counter(category for text in texts for category in text.categories) == wanted
    assert any(not text.categories for text in texts)


def test_spans_become_the_categories_of_their_texts_each_once() -> None:
    by_id = {text.id: text for text in labelled_texts()}
    for text in read_personal():
        categories = by_id[f"personal-{text.id}"].categories
        assert len(set(categories)) == len(categories)
        assert {each.category for each in text.personal} - {"secret"} <= set(categories)
        assert bool(categories) is bool(text.personal)
        assert "secret" not in categories
