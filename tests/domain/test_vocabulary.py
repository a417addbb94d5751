"""The domain's words and the contract's enums are the same sets."""

from enum import StrEnum
from typing import Any

import pytest

from groundwire.v1 import answer_service_pb2, error_reason_pb2, outcome_pb2
from groundwire_server.domain.vocabulary import (
    Action,
    Cause,
    Confidence,
    Loss,
    NextStep,
    Reason,
    Stage,
    StreamMode,
)


@pytest.mark.parametrize(
    ("words", "enum", "prefix"),
    [
        (Cause, outcome_pb2.Cause, "CAUSE_"),
        (Action, outcome_pb2.Action, "ACTION_"),
        (NextStep, outcome_pb2.NextStep, "NEXT_STEP_"),
        (Stage, outcome_pb2.Stage, "STAGE_"),
        (Confidence, outcome_pb2.Confidence, "CONFIDENCE_"),
        (Loss, outcome_pb2.Degraded.Loss, "LOSS_"),
        (StreamMode, answer_service_pb2.StreamMode, "STREAM_MODE_"),
        (Reason, error_reason_pb2.ErrorReason, "ERROR_REASON_"),
    ],
)
def test_the_contract_and_the_domain_share_their_words(words: type[StrEnum], enum: Any, prefix: str) -> None:
    assert {prefix + word for word in words} | {f"{prefix}UNSPECIFIED"} == set(enum.keys())
