"""What a question is about, as far as the words around its words tell.

"How do I run the tests on a GPU?" is about tests and a GPU. Documents that nowhere say GPU hardly answer it, however
close they are to the rest. The verbs and adverbs of a question are another matter: texts say the same in other words.
The lists are English, as those of `domain/premises.py` are.
"""

from typing import Final

from groundwire_server.domain.claims.number_words import NUMBER_WORDS
from groundwire_server.domain.text.languages import Language
from groundwire_server.domain.text.stems import stem
from groundwire_server.domain.text.stop_words import STOP_WORDS
from groundwire_server.domain.text.words import content_words, language_of, words

_ASKING: Final = frozenset(
    map(
        stem,
        """
        able accept according achieve actually allow answer ask associated avoid based become behave behavior behaviour
        believe belong best better bring call capable cause certain change characterize choose come common commonly
        concern consider contain correct create creation deal decide define definition depend describe detail differ
        difference different difficult effect effort employ enough establish exactly example exist explain expression
        fact factor far find first follow form general generally go good handle happen hard help hold important include
        instance instead involve keep kind know known leave like likely long look lot main mainly make manage matter
        mean meaning measurement name need normal normally occur old order part particular place play point possible
        prefer present prevent primary problem process produce provide purpose put question quick quickly really reason
        receive recommend regard relate relation relationship represent require response responsible result right role
        run safe say see seek seem separate set show similar simple single small solve something sort specific start
        state stay step still stop supposed sure take tell tend term thing think time topic try turn type typically
        understand use used useful user usual usually utilize value variety various view want way well word work write
        wrong year
        """.split(),
    )
)
"""The words that questions are put in, whatever they are about."""

_OPENING: Final = frozenset(
    """
    a about after against an another any as at before between by during each every for from her his in into its many
    much my no of on our over per s some than that the their these this those through under via with within without
    your
    """.split()
)
"""Words after which something is named."""

_ASKED_FOR: Final = frozenset("what which whose".split())
"""Words after which it is named what the answer is: a text names the answer itself."""

_ACTING: Final = frozenset("i you we one they he she it".split())
"""Words after which somebody does something, before it is named what with."""


def subjects(question: str) -> frozenset[str]:
    """Return the stems of the words in the place of a noun, and of the words that describe one.

    None are returned of a question in another language than English.
    """
    language = language_of(question)
    if language is not Language.ENGLISH:
        return frozenset()
    found: set[str] = set()
    named = acts = False
    before = ""
    for word in words(question):
        if word in _ASKED_FOR:
            named = acts = False
        elif word in _ACTING:
            named, acts = False, True
        elif word == "to":
            # "React to a click", but not "a way to click".
            named, acts = _carries(before), False
        elif word in _OPENING:
            named, acts = True, False
        elif word in STOP_WORDS:
            named = False
        elif acts:
            named, acts = True, False
        elif named and _carries(word) and not word.endswith("ly"):
            found.add(stem(word))
        before = word
    return frozenset(found) & content_words(question)


def carrying(question: str) -> frozenset[str]:
    """Return the stems of the words that say what a question is about, of any kind; numbers are none."""
    return frozenset(
        stemmed for word in words(question) if _carries(word) for stemmed in content_words(word, Language.ENGLISH)
    )


def _carries(word: str) -> bool:
    return bool(word) and not (word in STOP_WORDS or word in NUMBER_WORDS or word.isdigit() or stem(word) in _ASKING)
