"""The commands of `groundwire reviews`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.arguments import MappedJson, Timeout
from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.reviews.arguments import (
    Etag,
    Every,
    Faults,
    Kinds,
    Lease,
    ListedReviewState,
    Note,
    Reviewer,
    Route,
    Sentences,
    States,
    Ticket,
)

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire.v1.review_pb2 import Review

# What the commands need is imported in them: --help does not need it.


@connects
def list_(
    connection: ConnectionOptions,
    state: States = None,
    every: Every = False,
    kind: Kinds = None,
    route: Route = "",
    reviewer: Reviewer = "",
    newest: Annotated[bool, typer.Option("--newest", help="The newest first.")] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="The most to list.")] = 1000,
    timeout: Timeout = 30.0,
    json: MappedJson = False,
) -> None:
    """List the reviews of your tenant that wait for a decision, the oldest first. Needs the role reviewer.

    Elsewhere than on a terminal it prints ticket, state, kind, cause, route, reviewer, time of creation and question
    between tabs.
    """
    from itertools import islice  # noqa: PLC0415

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.reviews.listing import print_reviews  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        found = client.reviews(
            states=_states(state, every=every),
            kinds=[each.name for each in kind or ()],
            route=route,
            reviewer=reviewer,
            newest=newest,
            page_size=min(limit, 1000),
        )
        print_reviews(islice(found, limit), as_json=json)


@connects
def show(
    ticket: Ticket,
    connection: ConnectionOptions,
    full: Annotated[bool, typer.Option("--full", help="Print whole passages.")] = False,
    timeout: Timeout = 30.0,
    json: MappedJson = False,
) -> None:
    """Show a review: each sentence of its draft with its conflicts, and the passage that it rests on.

    Passages whose documents you may not see are withheld. The verdicts of a sample are shown after its decision.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.reviews.listing import print_review  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        print_review(client.review(ticket), as_json=json, full=full)


@connects
def claim(
    ticket: Ticket,
    connection: ConnectionOptions,
    lease: Lease = 900.0,
    timeout: Timeout = 30.0,
    json: MappedJson = False,
) -> None:
    """Reserve a review for yourself, or prolong your claim, and show it."""
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.reviews.listing import print_review  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        print_review(client.claim_review(ticket, lease=lease), as_json=json)


@connects
def release(ticket: Ticket, connection: ConnectionOptions, timeout: Timeout = 30.0) -> None:
    """Give your claim of a review back, so that another reviewer can take it up."""
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        client.release_review(ticket)


@connects
def approve(
    ticket: Ticket,
    connection: ConnectionOptions,
    note: Note = "",
    etag: Etag = "",
    timeout: Timeout = 30.0,
    json: MappedJson = False,
) -> None:
    """Let an answer leave as it was proposed. It is claimed for you first, unless --etag is given."""
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.reviews.listing import print_decided  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        seen = etag or client.claim_review(ticket).etag
        print_decided(client.approve_review(ticket, note=note, etag=seen), as_json=json)


@connects
def edit(
    ticket: Ticket,
    connection: ConnectionOptions,
    text: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Text that is to leave; default: edit the draft in $EDITOR.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; needs --text.")] = False,
    accept_unsupported: Annotated[
        bool,
        typer.Option("--accept-unsupported", help="With --yes, let sentences leave that the passages do not support."),
    ] = False,
    note: Note = "",
    fault: Faults = None,
    wrong: Sentences = None,
    timeout: Timeout = 30.0,
    json: MappedJson = False,
) -> None:
    """Let your own text leave in place of the draft; it is claimed for you, and checked against the same passages.

    Sentences that the passages do not support are shown before you decide. Exits with 1 when it is left undecided.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.check.text import read_text  # noqa: PLC0415
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.reviews.editing import DraftRemarks, Editing, check_change  # noqa: PLC0415
    from groundwire_server.cli.reviews.lease import LEASE, held  # noqa: PLC0415
    from groundwire_server.cli.reviews.listing import print_decided  # noqa: PLC0415

    written = None if text is None else read_text(text).strip()
    if yes and written is None:
        raise CommandError(ExitCode.USAGE, "--yes asks nothing, so there must be a text: give --text FILE")
    remarks = DraftRemarks(note, [each.name for each in fault or ()], [number - 1 for number in wrong or ()])
    with (
        failures_stop(),
        connect(connection, timeout=timeout) as client,
        held(client, ticket, LEASE) as claimed,
    ):
        editing = Editing(client, claimed, remarks)
        if yes and written is not None:
            check_change(claimed.review, written)
            decided: Review | None = editing.decide(written, accept_unsupported=accept_unsupported)
        else:
            decided = editing.converse(Terminal(stderr=json), written)
    if decided is None:
        raise CommandError(ExitCode.INCOMPLETE, f"{ticket} was not decided, and is yours until the claim lapses")
    print_decided(decided, as_json=json)


@connects
def reject(
    ticket: Ticket,
    connection: ConnectionOptions,
    note: Note = "",
    fault: Faults = None,
    wrong: Sentences = None,
    etag: Etag = "",
    timeout: Timeout = 30.0,
    json: MappedJson = False,
) -> None:
    """Let no answer leave. It is claimed for you first, unless --etag is given."""
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.reviews.listing import print_decided  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        seen = etag or client.claim_review(ticket).etag
        decided = client.reject_review(
            ticket,
            note=note,
            etag=seen,
            faults=[each.name for each in fault or ()],
            wrong_sentences=[number - 1 for number in wrong or ()],
        )
        print_decided(decided, as_json=json)


@connects
def watch(
    connection: ConnectionOptions,
    state: States = None,
    every: Every = False,
    kind: Kinds = None,
    route: Route = "",
    reviewer: Reviewer = "",
    timeout: Annotated[
        float | None, typer.Option(min=0.001, metavar="SECONDS", help="How long to watch; default: until Ctrl-C.")
    ] = None,
    json: MappedJson = False,
) -> None:
    """Print the reviews that wait, then each again whenever it changes; lines are those of `list`."""
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.reviews.listing import print_line  # noqa: PLC0415

    console = Terminal()
    with failures_stop(), connect(connection) as client:
        for review in client.watch_reviews(
            states=_states(state, every=every),
            kinds=[each.name for each in kind or ()],
            route=route,
            reviewer=reviewer,
            timeout=timeout,
        ):
            print_line(console, review, as_json=json)


@connects
def next_(
    connection: ConnectionOptions,
    kind: Kinds = None,
    route: Route = "",
    once: Annotated[bool, typer.Option("--once", help="End after one review.")] = False,
    lease: Lease = 900.0,
    timeout: Timeout = 30.0,
) -> None:
    """Claim the oldest review that waits, show it, and do what you say by a key; then the next.

    What you leave undecided is given back. The claim is prolonged while its review is open.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.reviews.session import ReviewSession  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        session = ReviewSession(client, Terminal(), lease)
        session.work([each.name for each in kind or ()], route, once=once)


def _states(states: list[ListedReviewState] | None, *, every: bool) -> list[str]:
    if every:
        return []
    return [each.name for each in states or (ListedReviewState.PENDING, ListedReviewState.CLAIMED)]
