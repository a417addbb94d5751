"""Printing reviews in lines: lists, and what a watch sends."""

import sys
from collections.abc import Iterable
from typing import Final

from google.protobuf import json_format
from rich.text import Text

from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.review_pb2 import Review
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.reviews.page import show_review
from groundwire_server.cli.reviews.words import OPEN, plural, standing
from groundwire_server.cli.times import printed
from groundwire_server.cli.words import word

_QUESTION: Final = 160
"""Characters of a question that are shown in a list."""


def print_reviews(reviews: Iterable[Review], *, as_json: bool) -> None:
    """Print reviews as they come, and how many there were on standard error."""
    console = Terminal()
    count = 0
    for review in reviews:
        count += 1
        print_line(console, review, as_json=as_json)
    # Beside the output, so that what reads it counts lines alone.
    print(plural(count, "review"), file=sys.stderr)


def print_line(console: Terminal, review: Review, *, as_json: bool) -> None:
    """Print one review: on a terminal a few lines, elsewhere one with tabs, or with JSON."""
    if as_json:
        print(json_format.MessageToJson(review, indent=None), flush=True)
        return
    kind, cause = word(Review.Kind, review.kind), word(Cause, review.cause)
    question = _short(review.question.text)
    if console.is_terminal:
        console.hang(Text(), Text.assemble((one_line(review.ticket), "bold"), f"  {question}"))
        facts = [standing(review), kind.lower()]
        if review.cause:
            facts.append(cause)
        facts.append(f"route {one_line(review.route)}")
        if review.state in OPEN and review.HasField("expire_time"):
            facts.append(f"expires {printed(review.expire_time)}")
        console.hang(Text("  "), Text("; ".join(facts), style="dim"))
        return
    state = word(Review.State, review.state)
    fields = (review.ticket, state, kind, cause if review.cause else "", review.route, review.reviewer)
    print("\t".join((*map(one_line, fields), review.create_time.ToJsonString(), question)), flush=True)


def print_review(review: Review, *, as_json: bool, full: bool = False) -> None:
    """Print a review with its texts; `full` prints whole passages."""
    if as_json:
        print(json_format.MessageToJson(review))
    else:
        show_review(Terminal(), review, full=full)


def print_decided(review: Review, *, as_json: bool) -> None:
    """Print what was decided, in a line or as JSON."""
    if as_json:
        print(json_format.MessageToJson(review))
    else:
        print(f"{word(Review.State, review.state).lower()} {one_line(review.ticket)}", flush=True)


def _short(question: str) -> str:
    line = one_line(question)
    return line if len(line) <= _QUESTION else f"{line[: _QUESTION - 1].rstrip()}…"
