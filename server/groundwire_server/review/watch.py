"""What a call that watches reviews is to be shown: all that match, page by page, and then each change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from groundwire_server.domain.review import Review, ReviewState
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.reviews import OpenedReview, ReviewPlace, ReviewRecords, ReviewSelection

PAGE: Final = 200
"""Reviews that are read in one go: between two pages others have their turn."""


class ReviewWatch:
    """The reviews of a tenant as one call watches them.

    Args:
        records: keep them.
        tenant: whose.
        selection: those to watch.
        clock: of the wall: a claim lapses by itself.
    """

    def __init__(self, records: ReviewRecords, tenant: str, selection: ReviewSelection, clock: Clock) -> None:
        self._records = records
        self._tenant = tenant
        self._selection = selection
        self._clock = clock
        self._number: int | None = None
        self._after: ReviewPlace | None = None
        self._complete = False
        self._matching: set[str] = set()
        self._leases: dict[str, datetime] = {}

    async def next(self) -> Sequence[OpenedReview]:
        """Return the next reviews to show, without their drafts; none where nothing has changed."""
        if self._number is None:
            # Noted before the first page is read: what changes meanwhile is shown once more, and never missed.
            last = await self._records.changed(self._tenant, -1, 1)
            self._number = last[0][0] if last else 0
            await self._learn_leases()
        return await self._changes() if self._complete else await self._page()

    @property
    def complete(self) -> bool:
        """Whether all that matched at the beginning were returned."""
        return self._complete

    async def _learn_leases(self) -> None:
        """Note the claims that are not shown, and after whose lapse the review is."""
        states = self._selection.states
        if ReviewState.PENDING not in states or ReviewState.CLAIMED in states:
            return
        claimed, after = replace(self._selection, states=frozenset({ReviewState.CLAIMED})), None
        while found := await self._records.page(self._tenant, claimed, after, PAGE):
            for opened in found:
                self._note(opened.review, matching=False)
            after = _place(found[-1])

    async def _page(self) -> Sequence[OpenedReview]:
        found = await self._records.page(self._tenant, self._selection, self._after, PAGE)
        self._complete = len(found) < PAGE
        for opened in found:
            self._note(opened.review, matching=True)
            self._after = _place(opened)
        return found

    async def _changes(self) -> Sequence[OpenedReview]:
        changed = await self._records.changed(self._tenant, self._number or 0, PAGE)
        if changed:
            self._number = changed[-1][0]
        tickets = {ticket for _, ticket in changed} | self._lapsed()
        if not tickets:
            return ()
        # At most as many as changed, and a page more whose claims have lapsed.
        some = ReviewSelection(tickets=frozenset(tickets))
        found = await self._records.page(self._tenant, some, None, len(tickets))
        return [opened for opened in found if self._shown(opened.review)]

    def _shown(self, review: Review) -> bool:
        """Return whether a review is to be shown that has changed: once more where it matches no longer."""
        matching, matched = self._selection.holds(review), review.ticket in self._matching
        self._note(review, matching=matching)
        return matching or matched

    def _note(self, review: Review, *, matching: bool) -> None:
        if matching and self._selection != ReviewSelection():
            self._matching.add(review.ticket)
        else:
            self._matching.discard(review.ticket)
        if review.state is ReviewState.CLAIMED and review.lease_until is not None:
            self._leases[review.ticket] = review.lease_until
        else:
            self._leases.pop(review.ticket, None)

    def _lapsed(self) -> set[str]:
        """Return some reviews whose claims have lapsed since they were looked at: no change tells of it."""
        now = self._clock.today()
        lapsed = [ticket for ticket, until in self._leases.items() if until <= now][:PAGE]
        for ticket in lapsed:
            del self._leases[ticket]
        return set(lapsed)


def _place(opened: OpenedReview) -> ReviewPlace:
    return ReviewPlace(opened.review.created, opened.review.ticket)
