"""The demo's questions, with the expected answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the topics that answer it; without topics, the reference does not answer it.

    Attributes:
        text: the question.
        topics: documents that may be cited; the reference repeats some sections.
        says: phrases, one of which the answer contains.
    """

    text: str
    topics: frozenset[str] = frozenset()
    says: tuple[str, ...] = ()


def _asked(text: str, topics: str = "", *says: str) -> Asked:
    return Asked(text, frozenset(topics.split()), says)


LATER: Asked = _asked("In x < y <= z, how often is y evaluated?", "comparisons", "is evaluated only once")
"""The question that is handed in to be answered later."""

QUESTIONS: tuple[Asked, ...] = (
    _asked(
        "When are default parameter values evaluated?", "function compound", "when the function definition is executed"
    ),
    _asked("Can I write statements inside a lambda?", "lambda", "cannot contain statements"),
    _asked("What becomes of assert statements under optimization?", "assert", "no code for an assert statement"),
    _asked("If a dict display repeats a key, which value wins?", "dict", "the last one given", "the last value"),
    _asked("Which port does http.server listen on by default?"),
    _asked("What is the result of x and y when x is false?", "booleans", "is false, its value is returned"),
    _asked("How many times is y evaluated in x < y <= z?", "comparisons", "is evaluated only once"),
    _asked(
        "Does a class that defines __eq__ stay hashable?",
        "customization specialnames",
        "will not be usable as items in hashable collections",
        "will have its __hash__() implicitly set to None",
    ),
    _asked("How long should an egg be boiled?"),
    _asked(
        "What happens to a saved exception when the finally clause executes a return statement?",
        "try compound",
        "the saved exception is discarded",
    ),
)
