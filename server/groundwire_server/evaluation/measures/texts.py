"""How close texts are.

An answer is compared with the expected ones as the evaluation of SQuAD does, and beyond English; a statement with its
passages by the words that they share.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable

from groundwire_server.domain.text.words import ContentWords, content_words

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Scripts written without spaces between words: each character counts as one."""

_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
"""The commas of 1,200,000."""

_WORD = re.compile(r"[^\W_]+")


def tokens(text: str) -> list[str]:
    """Return the words that are compared: in lower case, without punctuation and English articles."""
    folded = unicodedata.normalize("NFKC", text).lower().translate(_PUNCTUATION)
    return _ARTICLES.sub(" ", _UNSPACED.sub(r" \g<0> ", folded)).split()


def exact_match(answer: str, expected: Iterable[str]) -> float:
    """Return 1 when the answer is one of the expected ones, else 0."""
    said = tokens(answer)
    return float(any(said == tokens(each) for each in expected))


def token_f1(answer: str, expected: Iterable[str]) -> float:
    """Return the best harmonic mean of precision and recall, over words, with one of the expected answers."""
    return max((_f1(tokens(answer), tokens(each)) for each in expected), default=0.0)


def contains(answer: str, expected: Iterable[str]) -> float:
    """Return 1 when one of the expected answers stands in the answer, word for word, else 0."""
    said = f" {_words_apart(answer)} "
    wanted = map(_words_apart, expected)
    return float(any(each and f" {each} " in said for each in wanted))


def word_coverage(statement: str, passages: Iterable[str]) -> float:
    """Return the share, 0 to 1, of a statement's content words that occur in the passages; 0 without a content word.

    It is the baseline that a checker of statements has to beat.
    """
    said = content_words(statement)
    missing = said
    for passage in passages:
        missing -= ContentWords(passage).occurring(missing)
    return 1.0 - len(missing) / len(said) if said else 0.0


def _words_apart(text: str) -> str:
    """Return the words of a text with one space between them: whatever else stands between two parts them.

    SQuAD joins what punctuation parts, which hides "Rollo" in "Rollo's" and "north" in "north-east".
    """
    folded = _GROUPED.sub("", unicodedata.normalize("NFKC", text).lower())
    return " ".join(_WORD.findall(_UNSPACED.sub(r" \g<0> ", folded)))


def _f1(said: list[str], wanted: list[str]) -> float:
    if not said or not wanted:
        # As SQuAD: one without a word matches only another.
        return float(said == wanted)
    shared = (Counter(said) & Counter(wanted)).total()
    return 2 * shared / (len(said) + len(wanted))
