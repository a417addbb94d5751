"""Holding a claim while a reviewer reads or writes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import groundwire
from groundwire.v1.review_pb2 import Review

LEASE: Final = 900.0
"""Seconds that a claim holds, as the server has it by default."""


class HeldClaim:
    """A claim that is prolonged in the background as long as it is needed.

    Args:
        client: makes the calls.
        review: as it was claimed.
        lease: seconds that each claim holds.

    Attributes:
        ticket: names the review.
    """

    def __init__(self, client: groundwire.SyncClient, review: Review, lease: float) -> None:
        self._client = client
        self._lease = lease
        self._lock = threading.Lock()
        self._review = review
        self._lost: groundwire.Error | None = None
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="review lease", daemon=True)
        self.ticket = review.ticket

    @property
    def review(self) -> Review:
        """The review as it was claimed last.

        Raises:
            groundwire.Error: when the claim could not be prolonged.
        """
        with self._lock:
            if self._lost is not None:
                raise self._lost
            return self._review

    def begin(self) -> None:
        """Prolong it from now on, each time that a third of its lease is over, until it is ended or lost."""
        self._keeper.start()

    def end(self) -> None:
        """Prolong it no more; where that is done, it can be given back."""
        self._ended.set()
        self._keeper.join()

    def _keep(self) -> None:
        while not self._ended.wait(self._lease / 3):
            self.prolong()
            if self._lost is not None:
                return

    def prolong(self) -> None:
        """Prolong the claim once; where that fails for good, it is lost."""
        try:
            review = self._client.claim_review(self.ticket, lease=self._lease)
        except groundwire.Error as failed:
            if failed.unreachable or failed.connection_lost:
                return  # tried again after the next third
            with self._lock:
                self._lost = failed
        else:
            with self._lock:
                self._review = review


@contextmanager
def held(client: groundwire.SyncClient, ticket: str, lease: float) -> Iterator[HeldClaim]:
    """Claim a review, and hold the claim until the end of the block; it is not given back.

    Raises:
        groundwire.Error: when it cannot be claimed.
    """
    claim = HeldClaim(client, client.claim_review(ticket, lease=lease), lease)
    claim.begin()
    try:
        yield claim
    finally:
        claim.end()
