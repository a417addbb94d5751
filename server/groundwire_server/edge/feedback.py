"""What the calls of feedback need."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.interceptors.limits import NoPlaceError, Places
from groundwire_server.ports.feedback import FeedbackRecords
from groundwire_server.ports.metrics import Metrics
from groundwire_server.review.rights import EvidenceRights
from groundwire_server.review.sampling import OutcomeSamples
from groundwire_server.telemetry import metrics

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
    """

    records: FeedbackRecords
    samples: OutcomeSamples
    rights: EvidenceRights
    keep: float


class Exporting:
    """The calls that export cases: they last, so that they are few, and end when the server drains.

    Attributes:
        ending: whether the server drains.
    """

    def __init__(self, recorder: Metrics) -> None:
        self._places = Places("case_exports", _EXPORTS, _EXPORTS_PER_TENANT)
        self._metrics = recorder
        self.ending = False

    def end(self) -> None:
        """Have every export end."""
        self.ending = True

    @contextmanager
    def place(self, tenant: str) -> Iterator[None]:
        """Hold a place for an export.

        Raises:
            Rejection: OVERLOADED when too many go on already.
        """
        try:
            self._places.take(tenant)
        except NoPlaceError as full:
            self._metrics.add(metrics.CALLS_REFUSED, 1, full.limit)
            raise Rejection(Reason.OVERLOADED) from None
        try:
            yield
        finally:
            self._places.give_back(tenant)
