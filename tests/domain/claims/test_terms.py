"""Texts are cut into terms that compare whatever the spelling, script and form."""

import pytest

from groundwire_server.domain.claims.terms import places, terms
from groundwire_server.domain.text.fold import fold


def norms(text: str) -> list[str]:
    return [term.norm for term in terms(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("café", "cafe"),
        ("São Paulo", "Sao Paulo"),
        ("Ｆｕｌｌ", "full"),
        ("ﬁle", "file"),
        ("Straße", "STRASSE"),
        ("cafe\u0301", "café"),
        ("didn't", "did not"),
        ("didn’t", "did not"),
        ("did n't", "did not"),
        ("can't", "can not"),
        ("won't", "will not"),
        ("shan't", "shall not"),
        ("Bell's", "Bell"),
        ("l'eau", "eau"),
        ("wrote", "write"),
        ("children", "child"),
        ("colour", "color"),
        ("cities", "city"),
        ("１２", "12"),
        ("٣٤", "34"),
    ],
)
def test_spellings_of_one_term_are_compared_as_one(one: str, other: str) -> None:
    assert norms(one) == norms(other)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1,200 and 3.14", ["1,200", "and", "3.14"]),
        ("see v1.10.3", ["see", "v1.10.3"]),
        ("run --dry-run -v", ["run", "--dry-run", "-v"]),
        ("well-known", ["well", "known"]),
        ("a <= b && c != d", ["a", "<=", "b", "&&", "c", "!=", "d"]),
        ("the U.S. Army", ["the", "U.S.", "Army"]),
        ("at 15:30", ["at", "15:30"]),
        ("$5 and 20%", ["$", "5", "and", "20", "%"]),
        ("-5 or 3-4", ["-5", "or", "3-4"]),
        ("retry_on", ["retry", "on"]),
        ("東京都", ["東京", "京都"]),
        ("人", ["人"]),
        ("共有12人", ["共有", "12", "人"]),
        ("ไทย", ["ไท", "ทย"]),
        ("iPhone手机", ["iPhone", "手机"]),
        ("", []),
        ("\u200b \ud800 …", []),
    ],
)
def test_texts_are_cut_into_terms(text: str, written: list[str]) -> None:
    assert [term.text for term in terms(text)] == written


@pytest.mark.parametrize(
    "text",
    ["It didn't cost $1,200 in São Paulo.", "東京都の人口は1400万人", "a <= b", "won't", "x", "1\u202f200 items"],
)
def test_each_term_has_its_place(text: str) -> None:
    found, where = terms(text), places(text)
    assert len(found) == len(where)
    for term, (start, end) in zip(found, where, strict=True):
        assert 0 <= start < end <= len(text)
        assert (
            term.text[:2].casefold() in (text[start:end].casefold() or term.text) or term.text == "not" or "'" in text
        )


@pytest.mark.parametrize(
    ("word", "property_"),
    [
        ("not", "negates"),
        ("nicht", "denies"),
        ("jamais", "denies"),
        ("fails", "negates"),
        ("unless", "condition"),
        ("falls", "condition"),
        ("twenty", "number"),
        ("<=", "sign"),
        ("higher", "opposite"),
        ("Paris", "capital"),
        ("Paris", "content"),
    ],
)
def test_words_that_decide_something_are_known(word: str, property_: str) -> None:
    (term,) = terms(word)
    assert getattr(term, property_)
    assert term.significant


@pytest.mark.parametrize(
    ("word", "quantifier", "modal"),
    [("all", "all", ""), ("Most", "most", ""), ("rarely", "few", ""), ("must", "", "must"), ("könnte", "", "may")],
)
def test_quantifiers_and_modals_have_classes(word: str, quantifier: str, modal: str) -> None:
    (term,) = terms(word)
    assert (term.quantifier, term.modal) == (quantifier, modal)


@pytest.mark.parametrize("word", ["the", "of", "und", "les", "is"])
def test_function_words_say_nothing_by_themselves(word: str) -> None:
    assert not terms(word)[0].significant


def test_folding_leaves_neither_case_nor_accents() -> None:
    assert fold("ÀÉÎ ﬁ Ⅷ") == "aei fi viii"
