"""Labelled cases as statements for `groundwire eval` and `groundwire calibrate checker`.

Of each it is known whether the passages that it cites support it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.feedback_service_pb2 import LabelledCase
from groundwire.v1.grounding_pb2 import Sentence, Span, Verdict
from groundwire_server.cli.words import word

_OF_SUPPORT: Final = frozenset({AnswerFault.ANSWER_FAULT_INCORRECT, AnswerFault.ANSWER_FAULT_UNSUPPORTED})
"""Faults that say something of support; a sentence may be outdated, and still what its passage says."""


class Statements:
    """Statements with the passages that they cite, each once."""

    def __init__(self) -> None:
        self._texts: dict[str, Mapping[str, str]] = {}

    def of(self, case: LabelledCase) -> Sequence[Mapping[str, Any]] | None:
        """Return the sentences of an answer of which a person has said whether they are right; None where none is.

        All of a right answer are. Of a wrong one those are wrong that were named, or the only one, and the others that
        stand beside named ones are right. Sentences that claim nothing, cite nothing, or cite what may not be seen are
        left out.
        """
        return list(self._judged(case)) or None

    def passages_of(self, statements: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, str]]:
        """Return the passages that statements cite, by their names."""
        return {name: self._texts[name] for each in statements for name in each["passages"]}

    def _judged(self, case: LabelledCase) -> Iterator[Mapping[str, Any]]:
        wrong = _wrong(case)
        if wrong is None:
            return
        text, passages = case.answer.text, {each.chunk_id: each for each in case.passages}
        for number, sentence in enumerate(case.answer.sentences):
            cited = _cited(case, sentence)
            if not cited or any(chunk_id not in passages for chunk_id in cited):
                continue
            names = [self._named(case, passages[chunk_id]) for chunk_id in cited]
            source, verdict = word(LabelledCase.Source, case.source).lower(), word(Verdict, sentence.verdict)
            yield {
                "id": f"{case.request_id}.{case.trace_id[:8]}.{number}",
                "passages": names,
                "supported": number not in wrong,
                "kind": f"{source}, {verdict}",
                "text": text[sentence.span.start_code_point : sentence.span.end_code_point].strip(),
                "slice": [case.route],
            }

    def _named(self, case: LabelledCase, passage: Any) -> str:
        # A document may have changed between two answers.
        name = (
            f"{passage.chunk_id}@{passage.revision}" if passage.document_id else f"{case.trace_id}/{passage.chunk_id}"
        )
        self._texts.setdefault(name, {"title": passage.title, "text": passage.text})
        return name


def _wrong(case: LabelledCase) -> frozenset[int] | None:
    """Return which sentences are wrong; None where that is not known."""
    if case.right:
        return frozenset()
    if case.faults and _OF_SUPPORT.isdisjoint(case.faults):
        return None
    if case.wrong_sentences:
        return frozenset(case.wrong_sentences)
    claims = [
        number for number, each in enumerate(case.answer.sentences) if each.verdict != Verdict.VERDICT_NOT_A_CLAIM
    ]
    return frozenset(claims) if len(claims) == 1 else None


def _cited(case: LabelledCase, sentence: Sentence) -> list[str]:
    """Return the ids of what carries a sentence's verdict, or of all that it cites; none where it claims nothing."""
    if sentence.verdict == Verdict.VERDICT_NOT_A_CLAIM:
        return []
    citations = case.answer.citations
    carrying = [citations[index] for index in sentence.citation_indexes]
    found = carrying or [
        each for each in (*citations, *case.answer.dropped_citations) if _within(each.span, sentence.span)
    ]
    return list(dict.fromkeys(each.chunk_id for each in found))


def _within(span: Span, sentence: Span) -> bool:
    return sentence.start_code_point <= span.start_code_point and span.end_code_point <= sentence.end_code_point
