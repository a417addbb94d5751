"""Cutting a text into terms: words, numbers and signs of code, each analysed once for all texts."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from groundwire_server.domain.claims.irregular import IRREGULAR
from groundwire_server.domain.claims.lexicon import (
    ATTRIBUTIONS,
    CONDITIONS,
    FUNCTION_WORDS,
    MODALS,
    NEGATORS,
    QUANTIFIERS,
    STRONG_NEGATORS,
    may_deny,
)
from groundwire_server.domain.claims.number_words import MEASURING, NUMBER_WORDS
from groundwire_server.domain.claims.opposites import OPPOSITES
from groundwire_server.domain.text.fold import fold
from groundwire_server.domain.text.stems import stem

_MOST_TERMS = 32_768

_UNSPACED_RANGES = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
"""What is written without spaces between words: Thai, Burmese, Khmer, Japanese, Chinese."""

_UNSPACED = re.compile(f"[{_UNSPACED_RANGES}]")
_TOKEN = re.compile(
    r"\d{1,2}:\d{2}(?::\d{2})?|\d+(?:\.\d+)?[eE][+-]?\d+\b|[vV]\d+(?:\.\d+)+"
    r"|(?:(?<![^\s(])[-−])?\d+(?:[.,'’\u00a0\u202f\u2009/–-]\d+)*(?:(?<=\d)(?:st|nd|rd|th)\b)?"
    r"|(?<![^\W_])--?[A-Za-z][\w-]*(?:=\S+)?"
    r"|(?:[^\W\d_]\.){2,}"
    rf"|(?:(?!\d)[{_UNSPACED_RANGES}])+"
    rf"|(?:[^\W_{_UNSPACED_RANGES}][\u0300-\u036f]*)+(?:['’][^\W\d_]+)*"
    r"|<=|>=|==|!=|=>|->|\*\*|&&|\|\||[<>=%‰$€£¥₹°±×÷+*^&|√≤≥≠]"
)
_SPACED = re.compile(r"\S+")
_SPACE_IN_NUMBERS = re.compile(r"\d[\u00a0\u202f\u2009]\d")
_CLITIC = re.compile(r"['’](s|re|ve|ll|d|m)$")
_VERSION = re.compile(r"[vV]\d")
_CIRCLED = re.compile("[\u2460-\u2468\u2776-\u277e]$")
_NOT = re.compile(r"n['’]t$")
_WORDS_OF_A_LETTER = ("A", "I")
_CONTRACTED = {"ca": "can", "wo": "will", "sha": "shall"}
"""Verbs by what `can't`, `won't` and `shan't` leave of them."""
_ELISION = re.compile(r"^(?:l|d|qu|j|m|n|s|t|c)['’](?=[^\W\d_])")


DENIAL, QUANTIFIER, MODAL, CONDITION, OPPOSITE, ATTRIBUTION = 1, 2, 4, 8, 16, 32
"""Kinds of rules."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word, a number or a sign, as it is compared.

    Attributes:
        text: as it is written.
        folded: the same, case folded, in compatibility form and without accents.
        norm: what it is compared by: folded, without accents, its base form or stem.
        content: whether it says something by itself.
        capital: whether it begins with a capital.
        number: whether it is written in digits or is the name of a number.
        sign: whether it is a sign: an operator, a currency, a flag of a command.
        marked: whether a capital or a digit within it marks a name: `NASA`, `IPv4`.
        negates: whether it denies what stands beside it.
        denies: whether it does nothing but deny.
        may_deny: whether it could stand for a denial: `few`, `unlike`, `illegal`.
        attributes: whether it says whose word something is.
        quantifier: the class of quantifiers that it belongs to; empty for none.
        modal: the class of modals.
        condition: whether it begins a condition or an exception.
        opposite: whether the lexicon has an opposite of it.
        measures: whether a number, an amount, a date or a time may begin with it.
        concerns: the kinds of rules that have to look at it, added up.
        significant: whether statements are aligned by it: it says something, or decides something.
    """

    text: str
    folded: str
    norm: str
    content: bool
    capital: bool
    number: bool
    sign: bool
    marked: bool
    negates: bool
    denies: bool
    may_deny: bool
    attributes: bool
    quantifier: str
    modal: str
    condition: bool
    opposite: bool
    measures: bool
    concerns: int
    significant: bool


def places(text: str) -> list[tuple[int, int]]:
    """Return where each term of a text stands, in code points: as many as `terms` returns, in the same order."""
    if not text.isascii() and _SPACE_IN_NUMBERS.search(text):
        return [match.span() for match in _TOKEN.finditer(text) for _ in _terms(match.group())]
    return [
        (word.start() + start, word.start() + end)
        for word in _SPACED.finditer(text)
        for start, end in _places_in_word(word.group())
    ]


def terms(text: str) -> list[Term]:
    """Return the terms of a text, in order."""
    if not text.isascii() and _SPACE_IN_NUMBERS.search(text):
        return [term for token in _TOKEN.findall(text) for term in _terms(token)]
    # Words repeat within a text and between texts: looking each up costs a tenth of cutting the text anew.
    return list(chain.from_iterable(map(_terms_of_word, text.split())))


@lru_cache(_MOST_TERMS)
def _terms_of_word(word: str) -> tuple[Term, ...]:
    """Return the terms of what stands between two spaces."""
    return tuple(chain.from_iterable(map(_terms, _TOKEN.findall(word))))


@lru_cache(_MOST_TERMS)
def _places_in_word(word: str) -> tuple[tuple[int, int], ...]:
    return tuple(match.span() for match in _TOKEN.finditer(word) for _ in _terms(match.group()))


def significant_norms(text: str) -> frozenset[str]:
    """Return the norms of the significant terms of a text: much faster than by its terms."""
    if not text.isascii() and _SPACE_IN_NUMBERS.search(text):
        return frozenset(term.norm for term in terms(text) if term.significant)
    return frozenset(chain.from_iterable(map(_norms_of_word, text.split())))


@lru_cache(_MOST_TERMS)
def _norms_of_word(word: str) -> tuple[str, ...]:
    return tuple(term.norm for term in _terms_of_word(word) if term.significant)


@lru_cache(_MOST_TERMS)
def _terms(token: str) -> tuple[Term, ...]:
    """Return the terms that a token consists of: `didn't` has two, a run of Chinese one for each pair of characters."""
    if token.lstrip("-−")[:1].isdecimal() or _VERSION.match(token) or _CIRCLED.match(token):
        return (_number(token),)
    if not token.isascii() and _UNSPACED.match(token):
        return tuple(map(_word, _pairs(token)))
    if token[0] == "-" or not (token[0].isalnum()):
        return (_sign(token),)
    if _NOT.search(token):
        verb = _NOT.sub("", token)
        if not verb:
            # Set apart from its verb, as in "It does n't work".
            return (_word("not"),)
        return (_word(_CONTRACTED.get(verb.casefold(), verb)), _word("not"))
    token = _CLITIC.sub("", token)
    token = _ELISION.sub("", token)
    return (_word(token),)


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]


def _number(token: str) -> Term:
    digits = "".join(str(unicodedata.digit(each)) if each.isdigit() else each for each in token).casefold()
    return _plain(token, digits.replace("−", "-"), number=True, sign=False)


def _sign(token: str) -> Term:
    folded = token.casefold()
    return _plain(token, folded, number=False, sign=True)


def _plain(token: str, norm: str, *, number: bool, sign: bool) -> Term:
    """Return a term that is no word."""
    return Term(
        text=token,
        folded=norm,
        norm=norm,
        content=True,
        capital=False,
        number=number,
        sign=sign,
        marked=False,
        negates=False,
        denies=False,
        may_deny=False,
        attributes=False,
        quantifier="",
        modal="",
        condition=False,
        opposite=False,
        measures=True,
        concerns=0,
        significant=True,
    )


def _word(token: str) -> Term:
    folded = fold(token)
    norm = stem(IRREGULAR.get(folded, folded))
    number = folded in NUMBER_WORDS
    negates = folded in NEGATORS
    quantifier, modal = QUANTIFIERS.get(folded, ""), MODALS.get(folded, "")
    condition = folded in CONDITIONS
    opposite, attributes = norm in OPPOSITES, norm in ATTRIBUTIONS
    denying = negates or quantifier in ("few", "none", "only") or may_deny(norm)
    # Vitamin C, grade B: a letter alone is a name, whatever word some language writes so.
    letter = len(token) == 1 and token.isupper() and token not in _WORDS_OF_A_LETTER
    content = letter or not (
        folded in FUNCTION_WORDS or token.casefold() in FUNCTION_WORDS or negates or quantifier or modal or condition
    )
    return Term(
        text=token,
        folded=folded,
        norm=norm,
        content=content,
        capital=token[0].isupper(),
        number=number,
        sign=False,
        marked=letter or any(character.isdigit() or character.isupper() for character in token[1:]),
        negates=negates,
        denies=folded in STRONG_NEGATORS,
        may_deny=denying,
        attributes=attributes,
        quantifier=quantifier,
        modal=modal,
        condition=condition,
        opposite=opposite,
        measures=folded in MEASURING,
        concerns=DENIAL * denying
        | QUANTIFIER * bool(quantifier)
        | MODAL * bool(modal)
        | CONDITION * condition
        | OPPOSITE * opposite
        | ATTRIBUTION * attributes,
        significant=content or negates or bool(quantifier or modal) or condition or opposite or number,
    )
