"""What the figures of documentations say, and that the questions about them are whole."""

from collections import Counter
from pathlib import Path

import pytest

import groundwire
from bench.documents.ask import Asked, Summary
from bench.documents.questions import FOLDER, Documentation, Question
from bench.documents.scoring import Fault, Signposts, fault, says
from groundwire.v1.grounding_pb2 import Citation, GroundedText, Span
from groundwire.v1.outcome_pb2 import Abstained, Answered, Degraded, Outcome
from groundwire.v1.passage_pb2 import Passage

MARKDOWN = """\
---
title: Limits
description: "Limits: requests and storage"
---

# Getting **started**

| Name | Port |
|------|-----:|
| web  | 80   |

```sh
# a comment
```

The port
--------

<table>
  <tr><th>File</th><th>Purpose</th></tr>
  <tr><td>db</td><td>data</td></tr>
</table>
"""

RESTRUCTUREDTEXT = """\
Exit codes
==========

How to run
~~~~~~~~~~

=======  ======
version  Python
=======  ======
8.0      3.8
=======  ======

+------+------+
| Left | Right|
+======+======+
| a    | b    |
+------+------+
"""

SIGNPOSTS = Signposts.of([MARKDOWN, RESTRUCTUREDTEXT])


@pytest.mark.parametrize(
    ("text", "expects", "said"),
    [
        ("At most 3 members.", [["3"]], True),
        ("At most 13 members.", [["3"]], False),
        ("At most\n  1.5   MIB.", [["1.5 MiB"]], True),
        ("Run `db defrag` now.", [["db defrag", "now"]], True),
        ("Run `db defrag` now.", [["db defrag", "later"]], False),
        ("Run `db defrag` now.", [["later"], ["defrag"]], True),
        ("Give --lf to it.", [["--lf"]], True),
        ("Give --lfnf to it.", [["--lf"]], False),
        ("Anything", [], False),
        ("", [["3"]], False),
    ],
)
def test_a_text_says_what_is_expected_when_one_alternative_is_in_it(
    text: str, expects: list[list[str]], said: bool
) -> None:
    assert says(text, expects) is said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", Fault.EMPTY),
        ("***\n|", Fault.EMPTY),
        ("Getting started", Fault.HEADING),
        ("# Anything", Fault.HEADING),
        ("The port\n--------", Fault.HEADING),
        ("Exit codes\n==========", Fault.HEADING),
        ("how to run", Fault.HEADING),
        ("title: Limits", Fault.HEADING),
        ("Limits: requests and storage", Fault.HEADING),
        ("Exit\ncodes", Fault.HEADING),
        ("| Name | Port |\n|------|-----:|", Fault.HEADER),
        ("# The port\n\nName | Port", Fault.HEADER),
        ("version  Python\n=======  ======", Fault.HEADER),
        ("| Left | Right|", Fault.HEADER),
        ("File Purpose", Fault.HEADER),
        ("To defragment, use this command:", Fault.LEAD_IN),
        ("Run this::", Fault.LEAD_IN),
        ("A sentence. **Then this:**", Fault.LEAD_IN),
        ("# The port\n\nA sentence.", None),
        ("| Name | Port |\n|------|-----:|\n| web | 80 |", None),
        ("To defragment:\n\n```sh\ndb defrag\n```", None),
        ("Write this:\n\n```python\ndef defrag():\n```", None),
        ("Write this::\n\n    def defrag():", None),
        ("```sh\n# a comment\n```", None),
        ("a comment", None),
        ("Name: web; Port: 80", None),
    ],
)
def test_a_text_that_only_says_what_comes_next_answers_nothing(text: str, why: Fault | None) -> None:
    assert fault(text, SIGNPOSTS) is why


def asked(outcome: Outcome, *expects: str) -> Asked:
    question = Question("Which port?", "fact", "ports.md", [list(expects)] if expects else [])
    return Asked.of(question, groundwire.outcome_of(outcome), SIGNPOSTS)


def answered(*pieces: str) -> Outcome:
    text, citations = "", []
    for piece in pieces:
        start = len(text)
        text += piece
        citations.append(Citation(span=Span(start_code_point=start, end_code_point=len(text))))
        text += " "
    return Outcome(answered=Answered(answer=GroundedText(text=text.strip(), citations=citations)))


ABSTAINED = Outcome(abstained=Abstained())


@pytest.mark.parametrize(
    ("outcome", "expects", "mark", "good"),
    [
        (answered("The port is 80."), ("80",), "ok", True),
        (answered("The port is 8080."), ("80",), "WRONG", False),
        (answered("The port is 80, as in this example:"), ("80",), "lead-in", False),
        (answered("The port"), ("port",), "heading", False),
        (answered("The port", "Exit codes"), ("port",), "heading", False),
        (Outcome(degraded=Degraded(passages=[Passage(text="The port is 80.")])), ("80",), "ok", True),
        (ABSTAINED, ("80",), "nothing", False),
        (ABSTAINED, (), "ok", False),
        (answered("The port is 80."), (), "ANSWERED", False),
    ],
)
def test_an_answer_is_good_when_it_says_what_is_expected_and_is_no_signpost(
    outcome: Outcome, expects: tuple[str, ...], mark: str, good: bool
) -> None:
    result = asked(outcome, *expects)
    assert (result.mark, result.good) == (mark, good)


def test_parts_of_an_answer_are_judged_by_themselves() -> None:
    result = asked(answered("Choose one of these:", "The port is 80."), "80")
    assert result.good
    assert result.fault is None
    assert result.faulty_pieces == [Fault.LEAD_IN]


def test_a_summary_counts_answerable_and_absent_questions_apart() -> None:
    summary = Summary.of(
        [
            asked(answered("The port is 80."), "80"),
            asked(answered("Like this:", "The port is 80."), "80"),
            asked(answered("Getting started"), "80"),
            asked(ABSTAINED, "80"),
            asked(ABSTAINED),
            asked(answered("Use this command:")),
        ]
    )
    assert summary == Summary(
        answerable=4, good=2, faults={"heading": 1, "lead-in": 1}, with_faulty_piece=3, absent=2, answered=1
    )


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_quarter_of_the_questions_has_no_answer_and_every_other_says_where_it_is(path: Path) -> None:
    documentation = Documentation.read(path)
    answerable = Counter(question.answerable for question in documentation.questions)
    assert answerable == {True: 15, False: 5}
    assert len({question.text for question in documentation.questions}) == 20
    for question in documentation.questions:
        assert bool(question.source) is question.answerable
        assert (question.kind == "absent") is not question.answerable
        assert all(alternative and all(alternative) for alternative in question.expects)
