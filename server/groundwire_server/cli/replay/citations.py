"""What answers of replays cite, numbered as `groundwire ask` numbers it."""

from collections.abc import Sequence
from dataclasses import dataclass

from groundwire_server.evaluation.recording import RecordedAnswer, RecordedSentence


@dataclass(frozen=True, slots=True)
class NumberedCitation:
    """A quote that an answer cites.

    Attributes:
        number: from 1, in the order in which the answer cites its quotes.
        title: of the document; its id where it has none, and that of the passage where it has no document.
        chunk_id: of the passage.
    """

    number: int
    title: str
    chunk_id: str
    quote: str


def numbered_citations(answer: RecordedAnswer) -> Sequence[NumberedCitation]:
    """Return what an answer cites, for each of its citations: one quote has one number."""
    numbers: dict[tuple[str, str], int] = {}
    return [
        NumberedCitation(
            numbers.setdefault((each.chunk_id, each.quote), len(numbers) + 1),
            each.title or each.document_id or each.chunk_id,
            each.chunk_id,
            each.quote,
        )
        for each in answer.citations
    ]


def numbers_of(sentence: RecordedSentence, citations: Sequence[NumberedCitation]) -> str:
    """Return the numbers of what carries a sentence's verdict, such as `[1] [2]`; empty without any."""
    places = (place for place in sentence.citations if place < len(citations))
    return " ".join(dict.fromkeys(f"[{citations[place].number}]" for place in places))
