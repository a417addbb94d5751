"""Printing feedback."""

import sys
from collections.abc import Iterable
from itertools import islice

from google.protobuf import json_format
from rich.text import Text

from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.feedback_service_pb2 import Feedback, Rating
from groundwire_server.cli.console import Terminal, one_line, printable
from groundwire_server.cli.times import printed
from groundwire_server.cli.words import word

_MARKS = {Rating.RATING_UP: "good", Rating.RATING_DOWN: "not good"}


def print_feedback(feedback: Iterable[Feedback], limit: int, *, as_json: bool) -> None:
    """Print feedback: on a terminal with its texts, elsewhere a line with tabs, or with JSON.

    Args:
        feedback: the newest first.
        limit: how many at most.
        as_json: print JSON.
    """
    console = Terminal()
    count = 0
    for each in islice(feedback, limit):
        count += 1
        if as_json:
            print(json_format.MessageToJson(each, indent=None))
        elif console.is_terminal:
            _show(console, each)
        else:
            print(_tabbed(each))
    # Beside the output, so that what reads it counts lines alone.
    print(f"{count} entr{'y' if count == 1 else 'ies'}" if count else "no feedback", file=sys.stderr)


def _show(console: Terminal, feedback: Feedback) -> None:
    faults = ", ".join(_faults(feedback)).lower()
    said = " ".join(filter(None, (_MARKS.get(feedback.rating, ""), f"({faults})" if faults else ""))) or "no rating"
    console.hang(Text(), Text(said, style="bold"))
    kept = "answer kept" if feedback.answer_kept else "answer not kept"
    when = printed(feedback.create_time)
    facts = f"{when}, route {feedback.route}, by {feedback.subject or '(no name)'}, {kept}"
    console.hang(Text("  "), Text(one_line(facts), style="dim"))
    console.hang(Text("  "), Text(one_line(f"request {feedback.request_id}, trace {feedback.trace_id}"), style="dim"))
    for label, text in (("correction", feedback.correction), ("comment", feedback.comment)):
        if text:
            console.hang(Text(f"  {label:<11} "), Text(printable(text)))


def _tabbed(feedback: Feedback) -> str:
    rating = word(Rating, feedback.rating) if feedback.rating else ""
    names = (feedback.route, feedback.request_id, feedback.trace_id)
    return "\t".join((feedback.create_time.ToJsonString(), rating, ",".join(_faults(feedback)), *names))


def _faults(feedback: Feedback) -> list[str]:
    return [word(AnswerFault, fault) for fault in feedback.faults]
