"""What the calls of feedback need."""

from dataclasses import dataclass
from typing import Final

from groundwire_server.edge.interceptors.limits import Places
from groundwire_server.edge.long_calls import LongCalls
from groundwire_server.ports.experiments import ExperimentRecorder
from groundwire_server.ports.feedback import FeedbackRecords
from groundwire_server.ports.metrics import Metrics
from groundwire_server.review.rights import EvidenceRights
from groundwire_server.review.sampling import OutcomeSamples

_EXPORTS: Final = 4
"""Exports at once in a process: each asks the database and the store without a pause."""
_EXPORTS_PER_TENANT: Final = 2


@dataclass(frozen=True, slots=True)
class FeedbackCalls:
    """Feedback as calls see it, by one configuration.

    Attributes:
        records: keep it.
        samples: sends appeals for review.
        rights: says which passages of a case a caller may see.
        keep: seconds that feedback is kept.
        experiments: takes what is said of calls in experiments.
    """

    records: FeedbackRecords
    samples: OutcomeSamples
    rights: EvidenceRights
    keep: float
    experiments: ExperimentRecorder


def case_exports(recorder: Metrics) -> LongCalls:
    """Return the places of calls that export cases."""
    return LongCalls(Places("case_exports", _EXPORTS, _EXPORTS_PER_TENANT), recorder)
