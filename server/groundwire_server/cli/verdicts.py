"""What is shown of the verdicts on an answer: how many sentences have each, and where one departs from its passage."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from groundwire.v1.grounding_pb2 import Conflict, GroundedText, Sentence, Span, Verdict
from groundwire_server.cli.console import one_line
from groundwire_server.cli.words import CONFLICTS, VERDICTS, word

_STANDING: Final = frozenset(
    {
        Verdict.VERDICT_VERBATIM,
        Verdict.VERDICT_ENTAILED,
        Verdict.VERDICT_CONSISTENT,
        Verdict.VERDICT_NOT_A_CLAIM,
    }
)


def verdict_facts(answer: GroundedText, shown: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield what is to be said of an answer's verdicts, each with its label.

    The weakest verdict is explained, unless every sentence is its passage's own; a sentence that does not stand is
    repeated with each of its conflicts: what the answer says, and what the passage says.

    Args:
        answer: with its sentences.
        shown: what the passages are called, by their ids.
    """
    verdicts = [sentence.verdict for sentence in answer.sentences]
    if any(verdict != Verdict.VERDICT_VERBATIM for verdict in verdicts):
        yield "verdicts", _counted(verdicts)
    for sentence in answer.sentences:
        if sentence.verdict not in _STANDING:
            yield "caution", _doubtful(answer.text, sentence)
        for conflict in sentence.conflicts:
            source = shown.get(conflict.chunk_id, one_line(conflict.chunk_id))
            yield "conflict", conflict_line(answer.text, conflict, source)
    added = sum(citation.added for citation in answer.citations)
    if added:
        yield "added", f"{_citations(added)} that the model left out"
    dropped = len(answer.dropped_citations)
    if dropped:
        yield "dropped", f"{_citations(dropped)} of the model that carr{'ies' if dropped == 1 else 'y'} no sentence"


def conflict_line(text: str, conflict: Conflict, source: str) -> str:
    """Return what is at fault, and what the passage says in its place.

    Args:
        text: that has the conflict.
        conflict: one of its sentence's.
        source: names the passage; empty where none says anything about it.
    """
    kind = word(Conflict.Kind, conflict.kind)
    found = f"{CONFLICTS.get(kind, kind.lower())}: “{words_at(text, conflict.span)}”"
    if not source:
        return f"{found} is in no passage"
    if not conflict.passage_words:
        return f"{found}, against {source}"
    return f"{found}, but {source} says “{one_line(conflict.passage_words)}”"


def words_at(text: str, span: Span) -> str:
    """Return a stretch of a text as it is printed in a line."""
    return one_line(text[span.start_code_point : span.end_code_point])


def _counted(verdicts: "Iterable[Verdict.ValueType]") -> str:
    """Return how many sentences have each verdict, the weakest last, with what that one means."""
    counts = Counter(verdicts)
    claims = [verdict for verdict in sorted(counts) if verdict != Verdict.VERDICT_NOT_A_CLAIM]
    said = ", ".join(f"{counts[verdict]} {word(Verdict, verdict)}" for verdict in claims)
    meaning = VERDICTS.get(word(Verdict, claims[-1]), "") if claims else ""
    return f"{said}: {meaning}" if meaning else said or "no sentence claims anything"


def _doubtful(text: str, sentence: Sentence) -> str:
    verdict = word(Verdict, sentence.verdict)
    return f"{verdict}, {VERDICTS.get(verdict, 'unknown verdict')}: “{words_at(text, sentence.span)}”"


def _citations(count: int) -> str:
    return f"{count} citation{'' if count == 1 else 's'}"
