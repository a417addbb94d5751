"""What the calls of reviews and of the audit trail need."""

from dataclasses import dataclass

from groundwire_server.ports.audit import AuditRecords
from groundwire_server.ports.operations import Wakeups
from groundwire_server.ports.reviews import ReviewRecords
from groundwire_server.review.completing import Completing
from groundwire_server.review.deciding import ReviewDecisions
from groundwire_server.review.reading import ReviewReading


@dataclass(frozen=True, slots=True)
class ReviewCalls:
    """Reviews as calls see them, by one configuration.

    Attributes:
        records: keep them.
        audit: reads who did what.
        wakeups: says when one has changed.
        reading: shows them.
        decisions: decides them.
        completing: makes the ends of operations of reviews that expire.
    """

    records: ReviewRecords
    audit: AuditRecords
    wakeups: Wakeups
    reading: ReviewReading
    decisions: ReviewDecisions
    completing: Completing
