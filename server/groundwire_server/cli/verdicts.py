"""What is shown of the verdicts on an answer: how many sentences have each, and where one departs from its passage."""

from collections import Counter
from collections.abc import Iterable
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


def verdict_facts(answer: GroundedText) -> Iterable[tuple[str, str]]:
    """Yield what is to be said of an answer's verdicts, each with its label.

    The weakest verdict is explained, unless every sentence is its passage's own; a sentence that does not stand is repeated with each of its conflicts: what the
    answer says, and what the passage says.
    """
    verdicts = [sentence.verdict for sentence in answer.sentences]
    if any(verdict != Verdict.VERDICT_VERBATIM for verdict in verdicts):
        yield "verdicts", _counted(verdicts)
    for sentence in answer.sentences:
        if sentence.verdict not in _STANDING:
            yield "caution", _doubtful(answer.text, sentence)
        for conflict in sentence.conflicts:
            yield "conflict", conflict_line(answer.text, conflict)
    added = sum(citation.added for citation in answer.citations)
    if added:
        yield "added", f"{_citations(added)} that the model left out"
    dropped = len(answer.dropped_citations)
    if dropped:
        yield "dropped", f"{_citations(dropped)} of the model that carr{'ies' if dropped == 1 else 'y'} no sentence"


def conflict_line(text: str, conflict: Conflict) -> str:
    """Return what a text says at a conflict, and what the passage says in its place."""
    kind = word(Conflict.Kind, conflict.kind)
    found = f"{CONFLICTS.get(kind, kind.lower())}: “{_words(text, conflict.span)}”"
    if not conflict.chunk_id:
        return f"{found} is in no passage"
    if not conflict.passage_words:
        return f"{found} differs from {one_line(conflict.chunk_id)}"
    return f"{found}, but {one_line(conflict.chunk_id)} says “{one_line(conflict.passage_words)}”"


def _counted(verdicts: "Iterable[Verdict.ValueType]") -> str:
    """Return how many sentences have each verdict, the weakest last, with what that one means."""
    counts = Counter(verdicts)
    claims = [verdict for verdict in sorted(counts) if verdict != Verdict.VERDICT_NOT_A_CLAIM]
    said = ", ".join(f"{counts[verdict]} {word(Verdict, verdict)}" for verdict in claims)
    meaning = VERDICTS.get(word(Verdict, claims[-1]), "") if claims else ""
    return f"{said}: {meaning}" if meaning else said or "no sentence claims anything"


def _doubtful(text: str, sentence: Sentence) -> str:
    verdict = word(Verdict, sentence.verdict)
    return f"{verdict}, {VERDICTS.get(verdict, 'unknown verdict')}: “{_words(text, sentence.span)}”"


def _citations(count: int) -> str:
    return f"{count} citation{'' if count == 1 else 's'}"


def _words(text: str, span: Span) -> str:
    return one_line(text[span.start_code_point : span.end_code_point])
