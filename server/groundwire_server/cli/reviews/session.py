"""Deciding one review after the other by keys."""

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from rich.text import Text

import groundwire
from groundwire.v1.review_pb2 import Review
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.reviews.editing import DraftRemarks, Editing
from groundwire_server.cli.reviews.lease import HeldClaim, held
from groundwire_server.cli.reviews.listing import print_decided
from groundwire_server.cli.reviews.page import show_review
from groundwire_server.cli.reviews.prompts import chosen, faults, line, require_terminal
from groundwire_server.cli.reviews.words import plural
from groundwire_server.cli.times import printed

_PASSED_OVER: Final = frozenset({"REVIEW_CLAIMED", "REVIEW_DECIDED", "REVIEW_OWN", "REVIEW_NOT_FOUND"})
"""Reasons for which a review is left to others, and the next one is taken."""
_CHOICES: Final = {"a": "approve", "e": "edit", "r": "reject", "s": "skip", "f": "full passages", "q": "quit"}


class ReviewSession:
    """A reviewer who takes the oldest review that waits, again and again.

    Args:
        client: makes the calls.
        console: to print on.
        lease: seconds that each claim holds; it is prolonged while its review is open.
    """

    def __init__(self, client: groundwire.SyncClient, console: Terminal, lease: float) -> None:
        self._client = client
        self._console = console
        self._lease = lease
        self._decided = 0
        self._quit = False

    def work(self, kinds: Sequence[str], route: str, *, once: bool) -> int:
        """Go through the reviews that wait, the oldest first; return how many were decided.

        Args:
            kinds: names of `Review.Kind`; none takes all.
            route: the route of the question; empty takes all.
            once: end after the first that is shown.

        Raises:
            CommandError: when there is nobody to ask.
            groundwire.Error: when a call fails.
        """
        require_terminal("use `groundwire reviews claim` and `approve`, `edit` or `reject`")
        shown = 0
        for ticket in self._waiting(kinds, route):
            try:
                with held(self._client, ticket, self._lease) as claim:
                    shown += 1
                    self._decide(claim)
            except groundwire.Error as failed:
                if failed.reason not in _PASSED_OVER:
                    raise
                print(f"groundwire: {one_line(ticket)}: {one_line(str(failed))}", file=sys.stderr, flush=True)
            if self._quit or (once and shown):
                break
        if not shown:
            print("no review waits for you", file=sys.stderr)
        left = self._client.open_reviews()
        print(f"{plural(self._decided, 'review')} decided, {left} wait", file=sys.stderr)
        return self._decided

    def _waiting(self, kinds: Sequence[str], route: str) -> Iterator[str]:
        """Yield tickets as they stand now, so that those that others have decided meanwhile are not shown.

        The reviewer's own claims come first: one is left over where a terminal was closed or the connection was lost.
        """
        passed = set[str]()
        reviewer = self._client.server_info().caller.subject
        while True:
            claimed = self._client.reviews(states=["CLAIMED"], kinds=kinds, route=route, reviewer=reviewer)
            waiting = chain(claimed, self._client.reviews(states=["PENDING"], kinds=kinds, route=route))
            ticket = next((each.ticket for each in waiting if each.ticket not in passed), None)
            if ticket is None:
                return
            passed.add(ticket)
            yield ticket

    def _decide(self, claim: HeldClaim) -> None:
        """Show a review and do what the reviewer says; what is left undecided is given back."""
        decided: Review | None = None
        full = False
        try:
            while decided is None:
                show_review(self._console, claim.review, full=full)
                lease = f"yours until {printed(claim.review.lease_expire_time)}, and longer while it is open"
                self._console.hang(Text(), Text(lease, style="dim"))
                key = chosen(_CHOICES)
                if key == "f":
                    full = True
                elif key in "sq":
                    self._quit = key == "q"
                    return
                else:
                    decided = self._carried_out(key, claim)
        finally:
            claim.end()
            if decided is None:
                self._give_back(claim)
        self._decided += 1
        print_decided(decided, as_json=False)

    def _carried_out(self, key: str, claim: HeldClaim) -> Review | None:
        """Carry out a decision; None where the reviewer goes back, or it cannot be carried out as it is."""
        try:
            match key:
                case "a":
                    return self._approved(claim)
                case "e":
                    return Editing(self._client, claim, DraftRemarks()).converse(self._console, None)
                case _:
                    found, note = faults(), line("note, or nothing")
                    review = claim.review
                    return self._client.reject_review(review.ticket, etag=review.etag, note=note, faults=found)
        except CommandError as wrong:
            print(f"groundwire: {wrong.message}", file=sys.stderr, flush=True)
            if wrong.code is ExitCode.INTERRUPTED:
                raise
            return None
        except groundwire.Error as failed:
            if failed.reason not in {"REVIEW_NO_DRAFT", "REVIEW_TEXT_UNSUPPORTED", "REVIEW_CHANGED"}:
                raise
            print(f"groundwire: {one_line(str(failed))}", file=sys.stderr, flush=True)
            return None

    def _approved(self, claim: HeldClaim) -> Review | None:
        review = claim.review
        if review.below_minimum:
            weak = plural(len(review.below_minimum), "sentence")
            said = f"{weak} weaker than the route lets leave: approved, the answer leaves with a caution"
            print(said, file=sys.stderr)
            if chosen({"y": "approve all the same", "n": "go back"}) == "n":
                return None
        return self._client.approve_review(review.ticket, etag=review.etag)

    def _give_back(self, claim: HeldClaim) -> None:
        try:
            self._client.release_review(claim.ticket)
        except groundwire.Error as failed:
            # The claim lapses by itself.
            print(f"groundwire: {one_line(str(failed))}", file=sys.stderr, flush=True)
