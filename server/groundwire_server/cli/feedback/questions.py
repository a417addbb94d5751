"""Labelled cases as questions for `groundwire eval` and `groundwire calibrate route`: do the documents answer them?"""

from collections.abc import Mapping
from typing import Any

from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.feedback_service_pb2 import LabelledCase
from groundwire_server.cli.words import word


def question_of(case: LabelledCase) -> Mapping[str, Any] | None:
    """Return the question of a case with what is known of its answer; None where nothing is.

    A right answer is in the documents that it cites, and a right abstention has none. Where an answer was corrected,
    or should have been given, there is one. Of a wrong answer without a correction nobody has said whether the
    documents hold a right one.
    """
    answered = bool(case.answer.text)
    if case.right:
        answerable = answered
    elif case.correction or AnswerFault.ANSWER_FAULT_NO_ANSWER in case.faults:
        answerable = True
    else:
        return None
    item: dict[str, Any] = {
        "id": f"{case.request_id}.{case.trace_id[:8]}",
        "question": case.question,
        "answerable": answerable,
        "slice": [case.route, word(LabelledCase.Source, case.source).lower()],
    }
    if answered and case.right and (relevant := _cited(case)):
        item["relevant"] = relevant
    return item


def _cited(case: LabelledCase) -> list[str]:
    """Return the ids of the passages that an answer cites and that may be seen."""
    shown = {passage.chunk_id for passage in case.passages}
    return list(dict.fromkeys(each.chunk_id for each in case.answer.citations if each.chunk_id in shown))
