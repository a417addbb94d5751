"""The arguments and options of `groundwire reviews`."""

from enum import StrEnum
from typing import Annotated, TypeAlias

import typer


class ListedReviewState(StrEnum):
    """A state to list, as typed."""

    PENDING = "pending"
    CLAIMED = "claimed"
    APPROVED = "approved"
    EDITED = "edited"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ListedReviewKind(StrEnum):
    """A kind to list, as typed."""

    APPROVAL = "approval"
    SAMPLE = "sample"
    BLOCK = "block"


class TypedFault(StrEnum):
    """A fault of a draft, as typed."""

    INCORRECT = "incorrect"
    UNSUPPORTED = "unsupported"
    INCOMPLETE = "incomplete"
    IRRELEVANT = "irrelevant"
    OUTDATED = "outdated"
    UNSAFE = "unsafe"
    UNCLEAR = "unclear"
    NO_ANSWER = "no_answer"
    OTHER = "other"


Ticket: TypeAlias = Annotated[str, typer.Argument(metavar="TICKET", help="The review's ticket.")]
Kinds: TypeAlias = Annotated[
    list[ListedReviewKind] | None,
    typer.Option("--kind", metavar="KIND", help="approval, sample or block; repeatable.", case_sensitive=False),
]
Route: TypeAlias = Annotated[str, typer.Option(metavar="NAME", help="Route of the question.")]
Reviewer: TypeAlias = Annotated[str, typer.Option(metavar="NAME", help="Subject that holds it or has decided.")]
States: TypeAlias = Annotated[
    list[ListedReviewState] | None,
    typer.Option(
        "--state",
        metavar="STATE",
        help="pending, claimed, approved, edited, rejected, expired or withdrawn; repeatable; default: those "
        "that wait.",
        case_sensitive=False,
    ),
]
Every: TypeAlias = Annotated[bool, typer.Option("--all", help="Decided reviews too.")]
Lease: TypeAlias = Annotated[float, typer.Option(min=10, max=3600, metavar="SECONDS", help="How long the claim holds.")]
Note: TypeAlias = Annotated[str, typer.Option(metavar="TEXT", help="Kept with the review; the caller never sees it.")]
Etag: TypeAlias = Annotated[
    str, typer.Option(metavar="ETAG", help="Decide only the review as `show` printed it; it must be claimed already.")
]
Faults: TypeAlias = Annotated[
    list[TypedFault] | None,
    typer.Option(
        "--fault",
        metavar="FAULT",
        help="What is wrong with the draft: incorrect, unsupported, incomplete, irrelevant, outdated, unsafe, unclear, "
        "no_answer or other; repeatable.",
        case_sensitive=False,
    ),
]
Sentences: TypeAlias = Annotated[
    list[int] | None,
    typer.Option("--wrong", min=1, metavar="NUMBER", help="Sentence of the draft that is wrong, from 1; repeatable."),
]
