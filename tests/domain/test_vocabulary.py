"""The domain's words and the contract's enums are the same sets."""

from enum import StrEnum
from typing import Any

import pytest

from groundwire.v1 import (
    cause_pb2,
    error_reason_pb2,
    event_pb2,
    grounding_pb2,
    limit_pb2,
    operation_pb2,
    outcome_pb2,
    report_pb2,
    route_pb2,
    server_info_pb2,
)
from groundwire_server.domain.vocabulary import (
    Action,
    Assurance,
    BelowMinimum,
    CacheKey,
    Cause,
    Confidence,
    Feature,
    LimitKind,
    LimitMode,
    Loss,
    NextStep,
    OperationState,
    Purpose,
    Reason,
    Rewriting,
    Stage,
    StreamMode,
    Verdict,
)


@pytest.mark.parametrize(
    ("words", "enum", "prefix"),
    [
        (Cause, cause_pb2.Cause, "CAUSE_"),
        (Action, outcome_pb2.Action, "ACTION_"),
        (NextStep, outcome_pb2.NextStep, "NEXT_STEP_"),
        (Stage, report_pb2.Stage, "STAGE_"),
        (Verdict, grounding_pb2.Verdict, "VERDICT_"),
        (Assurance, event_pb2.TextDelta.Assurance, "ASSURANCE_"),
        (Feature, server_info_pb2.Feature, "FEATURE_"),
        (Confidence, grounding_pb2.Confidence, "CONFIDENCE_"),
        (Purpose, report_pb2.Usage.Purpose, "PURPOSE_"),
        (Rewriting, report_pb2.Rewriting, "REWRITING_"),
        (LimitKind, limit_pb2.LimitKind, "LIMIT_KIND_"),
        (LimitMode, limit_pb2.LimitMode, "LIMIT_MODE_"),
        (CacheKey, outcome_pb2.Cached.Key, "KEY_"),
        (OperationState, operation_pb2.AnswerOperationMetadata.State, "STATE_"),
        (Loss, outcome_pb2.Degraded.Loss, "LOSS_"),
        (BelowMinimum, route_pb2.BelowMinimum, "BELOW_MINIMUM_"),
        (StreamMode, event_pb2.StreamMode, "STREAM_MODE_"),
        (Reason, error_reason_pb2.ErrorReason, "ERROR_REASON_"),
    ],
)
def test_the_contract_and_the_domain_share_their_words(words: type[StrEnum], enum: Any, prefix: str) -> None:
    assert {prefix + word for word in words} | {f"{prefix}UNSPECIFIED"} == set(enum.keys())
