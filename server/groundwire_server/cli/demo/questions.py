"""What the demo asks, and what is to be expected."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the topics that hold its answer; with none, it cannot be answered from the reference.

    Attributes:
        text: the question.
        topics: documents that may be cited; the reference repeats some sections in others.
        says: words, one of which the answer has in it.
    """

    text: str
    topics: frozenset[str] = frozenset()
    says: tuple[str, ...] = ()


def _asked(text: str, topics: str = "", *says: str) -> Asked:
    return Asked(text, frozenset(topics.split()), says)


QUESTIONS: tuple[Asked, ...] = ()
