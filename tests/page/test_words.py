"""The words of the page: each value of the contract has one."""

import re
from typing import Any

import pytest

from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.error_reason_pb2 import ErrorReason
from groundwire.v1.event_pb2 import TextDelta
from groundwire.v1.grounding_pb2 import Confidence, Conflict, Verdict
from groundwire.v1.operation_pb2 import AnswerOperationMetadata
from groundwire.v1.outcome_pb2 import Action, Degraded, NextStep, Outcome
from groundwire.v1.report_pb2 import Stage, Usage
from groundwire.v1.review_pb2 import Review
from tests.page.files import PAGE

WORDS = (PAGE / "lib" / "words.js").read_text(encoding="utf-8")
TABLES: dict[str, Any] = {
    "ACTIONS": Action,
    "ASSURANCES": TextDelta.Assurance,
    "CAUSES": Cause,
    "CONFIDENCES": Confidence,
    "CONFLICTS": Conflict.Kind,
    "FAULTS": AnswerFault,
    "KINDS": Review.Kind,
    "LOSSES": Degraded.Loss,
    "NEXT_STEPS": NextStep,
    "OPERATION_STATES": AnswerOperationMetadata.State,
    "PURPOSES": Usage.Purpose,
    "STAGES": Stage,
    "STATES": Review.State,
    "TRIGGERS": Review.Trigger,
    "VERDICTS": Verdict,
}


def keys(table: str) -> set[str]:
    """Return the keys of a table of the page."""
    found = re.search(rf"export const {table} = \{{(.*?)\}};\n", WORDS, re.DOTALL)
    assert found is not None, table
    return set(re.findall(r"(?:^|[{,]|\n)\s*(\w+):", re.sub(r"\{ shape.*\}", "", found[1])))


@pytest.mark.parametrize("table", TABLES)
def test_every_value_has_its_words(table: str) -> None:
    values = TABLES[table].DESCRIPTOR.values
    prefix = values[0].name.removesuffix("UNSPECIFIED")
    assert keys(table) == {value.name.removeprefix(prefix) for value in values[1:]}


def test_every_result_has_its_words() -> None:
    fields = Outcome.DESCRIPTOR.oneofs_by_name["result"].fields
    assert keys("RESULTS") == {field.json_name for field in fields}


def test_every_reason_of_a_review_says_what_to_do() -> None:
    text = (PAGE / "lib" / "errors.js").read_text(encoding="utf-8")
    reasons = {value.name.removeprefix("ERROR_REASON_") for value in ErrorReason.DESCRIPTOR.values}
    explained = set(re.findall(r"^  ([A-Z_]+): \(", text, re.MULTILINE))
    assert explained <= reasons
    assert {reason for reason in reasons if reason.startswith("REVIEW_")} <= explained
