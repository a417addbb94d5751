"""Between the contract's enums and the domain's words: the same names, with and without their prefix."""

from groundwire.v1 import answer_service_pb2, document_pb2, outcome_pb2
from groundwire_server.domain.document import PutState
from groundwire_server.domain.vocabulary import Action, Cause, Confidence, Loss, NextStep, Stage, StreamMode

CAUSES = {word: outcome_pb2.Cause.Value(f"CAUSE_{word}") for word in Cause}
ACTIONS = {word: outcome_pb2.Action.Value(f"ACTION_{word}") for word in Action}
NEXT_STEPS = {word: outcome_pb2.NextStep.Value(f"NEXT_STEP_{word}") for word in NextStep}
STAGES = {word: outcome_pb2.Stage.Value(f"STAGE_{word}") for word in Stage}
CONFIDENCES = {word: outcome_pb2.Confidence.Value(f"CONFIDENCE_{word}") for word in Confidence}
LOSSES = {word: outcome_pb2.Degraded.Loss.Value(f"LOSS_{word}") for word in Loss}
STREAM_MODES = {word: answer_service_pb2.StreamMode.Value(f"STREAM_MODE_{word}") for word in StreamMode}
MODES_ASKED = {number: word for word, number in STREAM_MODES.items()}
INGEST_STATES = {state: document_pb2.IngestState.Value(f"INGEST_STATE_{state.name}") for state in PutState}
