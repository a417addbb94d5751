"""What is told apart by its number or its name alone."""

import pytest

from groundwire_server.domain.numbered import holds, identifiers, is_of_another, numbered
from groundwire_server.domain.text.languages import Language


@pytest.mark.parametrize(
    ("text", "asked", "held", "of_another"),
    [
        ("The code of door 5 is 105.", "the code of door 5", True, False),
        ("The code of doors 5 and 6", "the code of door 5", True, False),
        ("The code of door 50", "the code of door 5", False, True),
        ("Python 3.11 is needed.", "Is Python 3 needed?", True, False),
        ("Version 3.2 comes before version 4.0.", "What is in version 4.0?", True, False),
        ("Version 3.2 is old.", "What is in version 4.0?", False, True),
        ("The gate is open.", "the code of door 5", False, False),
        ("It has 5 doors.", "the code of door 5", False, False),
        ("Since v3.2 it is off.", "What is off in v4.0?", False, True),
        ("It is off in v4.0.", "What is off in version 4.0?", True, False),
        ("Version 3.2 of door 5", "door 5 in version 4.0", False, True),
    ],
)
def test_numbers_belong_to_the_word_before_them(text: str, asked: str, held: bool, of_another: bool) -> None:
    said, wanted = numbered(text, Language.ENGLISH), numbered(asked, Language.ENGLISH)
    assert holds(said, wanted) is held
    assert is_of_another(said, wanted) is of_another


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What changed in 8.4.1?", {"8.4.1"}),
        ("What is the TMP_PATH fixture, not tmp_path_factory?", {"tmp_path", "tmp_path_factory"}),
        ("Which file is member/wal/0.tmp?", {"member/wal/0.tmp"}),
        ("Is a write-ahead log and/or a set-up needed, e.g. 12?", set()),
    ],
)
def test_identifiers_are_compounds_that_no_language_has(text: str, found: set[str]) -> None:
    assert identifiers(text) == found
