"""Between the contract's enums and the domain's words: the same names, with and without their prefix."""

from groundwire.v1 import (
    answer_fault_pb2,
    cause_pb2,
    document_pb2,
    erasure_pb2,
    event_pb2,
    experiment_service_pb2,
    feedback_service_pb2,
    grounding_pb2,
    limit_pb2,
    operation_pb2,
    outcome_pb2,
    passage_pb2,
    prompt_service_pb2,
    question_pb2,
    report_pb2,
    review_pb2,
    route_pb2,
    server_info_pb2,
)
from groundwire_server.domain.caller import Role
from groundwire_server.domain.document import DocumentOrder, PassageKind, PutState, TextFormat
from groundwire_server.domain.erasure import ErasedPlaceKind
from groundwire_server.domain.experiments.experiment import ExperimentState
from groundwire_server.domain.feedback import AnswerFault, Rating
from groundwire_server.domain.prompts.registry import PromptOrigin
from groundwire_server.domain.review import ReviewDecision, ReviewKind, ReviewState, ReviewTrigger
from groundwire_server.domain.vocabulary import (
    Action,
    Assurance,
    BelowMinimum,
    CacheKey,
    Cause,
    Confidence,
    ConflictKind,
    Feature,
    GuardAction,
    LimitKind,
    LimitMode,
    Loss,
    NextStep,
    OperationState,
    Priority,
    Purpose,
    Rewriting,
    Screen,
    Stage,
    StreamMode,
    Verdict,
)
from groundwire_server.ports.feedback import LabelSource

CAUSES = {word: cause_pb2.Cause.Value(f"CAUSE_{word}") for word in Cause}
ACTIONS = {word: outcome_pb2.Action.Value(f"ACTION_{word}") for word in Action}
CACHE_KEYS = {word: outcome_pb2.Cached.Key.Value(f"KEY_{word}") for word in CacheKey}
NEXT_STEPS = {word: outcome_pb2.NextStep.Value(f"NEXT_STEP_{word}") for word in NextStep}
STAGES = {word: report_pb2.Stage.Value(f"STAGE_{word}") for word in Stage}
CONFIDENCES = {word: grounding_pb2.Confidence.Value(f"CONFIDENCE_{word}") for word in Confidence}
VERDICTS = {word: grounding_pb2.Verdict.Value(f"VERDICT_{word}") for word in Verdict}
CONFLICTS = {word: grounding_pb2.Conflict.Kind.Value(f"KIND_{word}") for word in ConflictKind}
ASSURANCES = {word: event_pb2.TextDelta.Assurance.Value(f"ASSURANCE_{word}") for word in Assurance}
LOSSES = {word: outcome_pb2.Degraded.Loss.Value(f"LOSS_{word}") for word in Loss}
BELOW_MINIMUM = {word: route_pb2.BelowMinimum.Value(f"BELOW_MINIMUM_{word}") for word in BelowMinimum}
STREAM_MODES = {word: event_pb2.StreamMode.Value(f"STREAM_MODE_{word}") for word in StreamMode}
MODES_ASKED = {number: word for word, number in STREAM_MODES.items()}
PRIORITIES = {word: question_pb2.Priority.Value(f"PRIORITY_{word}") for word in Priority}
PRIORITIES_ASKED = {number: word for word, number in PRIORITIES.items()}
REWRITINGS = {word: report_pb2.Rewriting.Value(f"REWRITING_{word}") for word in Rewriting}
SCREENS = {word: report_pb2.Screen.Value(f"SCREEN_{word}") for word in Screen}
GUARD_ACTIONS = {word: report_pb2.GuardAction.Value(f"GUARD_ACTION_{word}") for word in GuardAction}
PURPOSES = {word: report_pb2.Usage.Purpose.Value(f"PURPOSE_{word}") for word in Purpose}
FEATURES = {word: server_info_pb2.Feature.Value(f"FEATURE_{word}") for word in Feature}
LIMIT_KINDS = {word: limit_pb2.LimitKind.Value(f"LIMIT_KIND_{word}") for word in LimitKind}
LIMIT_MODES = {word: limit_pb2.LimitMode.Value(f"LIMIT_MODE_{word}") for word in LimitMode}
ROLES = {role: server_info_pb2.CallerInfo.Role.Value(f"ROLE_{role.name}") for role in Role}
DOCUMENT_ORDERS = {document_pb2.DocumentOrder.Value(f"DOCUMENT_ORDER_{order.name}"): order for order in DocumentOrder}
TEXT_FORMATS = {word: document_pb2.TextFormat.Value(f"TEXT_FORMAT_{word.name}") for word in TextFormat}
PASSAGE_KINDS = {word: passage_pb2.PassageKind.Value(f"PASSAGE_KIND_{word.name}") for word in PassageKind}
OPERATION_STATES = {word: operation_pb2.AnswerOperationMetadata.State.Value(f"STATE_{word}") for word in OperationState}
REVIEW_KINDS = {word: review_pb2.Review.Kind.Value(f"KIND_{word}") for word in ReviewKind}
REVIEW_STATES = {word: review_pb2.Review.State.Value(f"STATE_{word}") for word in ReviewState}
REVIEW_TRIGGERS = {word: review_pb2.Review.Trigger.Value(f"TRIGGER_{word}") for word in ReviewTrigger}
REVIEW_DECISIONS = {word: report_pb2.ReviewMark.Decision.Value(f"DECISION_{word}") for word in ReviewDecision}
ANSWER_FAULTS = {word: answer_fault_pb2.AnswerFault.Value(f"ANSWER_FAULT_{word}") for word in AnswerFault}
FAULTS_SAID = {number: word for word, number in ANSWER_FAULTS.items()}
RATINGS = {word: feedback_service_pb2.Rating.Value(f"RATING_{word}") for word in Rating}
RATINGS_GIVEN = {number: word for word, number in RATINGS.items()}
LABEL_SOURCES = {word: feedback_service_pb2.LabelledCase.Source.Value(f"SOURCE_{word}") for word in LabelSource}
LABEL_SOURCES_ASKED = {number: word for word, number in LABEL_SOURCES.items()}
ERASED_PLACES = {kind: erasure_pb2.ErasedPlaceKind.Value(f"ERASED_PLACE_KIND_{kind.name}") for kind in ErasedPlaceKind}
INGEST_STATES = {state: document_pb2.IngestState.Value(f"INGEST_STATE_{state.name}") for state in PutState}
EXPERIMENT_STATES = {
    word: experiment_service_pb2.ExperimentState.Value(f"EXPERIMENT_STATE_{word}") for word in ExperimentState
}
PROMPT_ORIGINS = {word: prompt_service_pb2.PromptOrigin.Value(f"PROMPT_ORIGIN_{word}") for word in PromptOrigin}
