"""What is quoted of passages that are more than sentences: lists, tables, code, and what stands under headings."""

from dataclasses import dataclass, replace

import pytest

from groundwire_server.adapters.generator.layout import Candidate
from groundwire_server.adapters.generator.quoting import Answer, Tuning, choose
from groundwire_server.domain.answer import Segment
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.document import PassageKind, Place, Sentence
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.pipeline.judge import judge_segment
from groundwire_server.pipeline.normalize import fold_lines
from groundwire_server.pipeline.support import Source

ANYTHING = Tuning(enough=0.0, sure=1.0, most=1, heed=False)
"""Quotes what is closest: for tests of what is quoted, and not of whether it is enough."""

INSTALLING = """## Installation

Python 3 is needed.

To install HTTP/2 support, run:

```console
$ pip install acme[http2]
```

Proxies are described elsewhere."""

FEES = """# Returns

Whoever returns a parcel pays:

| Country | Return fee | Days |
| --- | --- | --- |
| France | 4 EUR | 14 |
| Spain | 7 EUR | 30 |
| Italy | free | |
"""

RUNBOOK = """# Payments runbook

Steps of the runbook:

1. Stop the worker.
2. Drain the queue.
3. Start the worker.

The owner is in the office."""

CHANGES = """# Changelog

## Version 0.28

Released 2024-05-01

- Added HTTP/2 support.
- Removed the cookie jar.

## Version 0.27

- Nothing of note."""

QUESTIONS = """### Why is the queue slow?

Yes. The disk is slow.

**Where is the owner?**

In the office."""

LONG_LIST = "The exit codes are:\n\n" + "\n".join(
    f"- Code {number}: {word * 12}" for number, word in enumerate(("ash ", "birch ", "cedar ", "elm ", "fir ") * 3)
)


@dataclass(frozen=True)
class Case:
    question: str
    passage: str
    quoted: str
    place: Place = Place()


LONG_CODE = "".join(f"       queue.drain(part={number})  # {number} of 25 parts\n" for number in range(25))

CASES = {
    "what follows a lead-in": Case(
        "How do I install HTTP/2 support?",
        INSTALLING,
        "To install HTTP/2 support, run:\n\n```console\n$ pip install acme[http2]\n```",
    ),
    "code comes with the sentence before it": Case(
        "What does drain_all do?",
        "The queue is drained by hand.\n\n```\nqueue.drain_all()\n```\n",
        "The queue is drained by hand.\n\n```\nqueue.drain_all()\n```",
    ),
    "code without fences gets them": Case(
        "How is the queue drained?",
        "The queue is drained by:\n\n    queue.drain_all()\n    queue.close()\n",
        "The queue is drained by:\n\n```\nqueue.drain_all()\nqueue.close()\n```",
    ),
    "code in an admonition": Case(
        "How is the queue drained?",
        "!!! note\n    The queue is drained by:\n\n        queue.drain_all()\n        queue.close()\n\n    At last.\n",
        "The queue is drained by:\n\n```\nqueue.drain_all()\nqueue.close()\n```",
    ),
    "the row of a table in an admonition": Case(
        "What is the return fee for Spain?",
        "!!! tip\n    | Country | Return fee |\n    |---|---|\n    | Peru | 9 EUR |\n    | Spain | 7 EUR |\n",
        "- Country: Spain; Return fee: 7 EUR",
    ),
    "a list in an admonition": Case(
        "How is the queue drained?",
        "!!! tip\n    The queue is drained so:\n\n    - by hand\n      or by foot\n    - by machine\n",
        "The queue is drained so:\n\n- by hand\n  or by foot\n- by machine",
    ),
    "a term with what defines it": Case(
        "What is drain?",
        "Drain\n:   Empties the queue:\n\n        queue.drain()\n        queue.close()\n",
        "Drain\n:   Empties the queue:\n\n        queue.drain()\n        queue.close()",
    ),
    "long code in an item": Case(
        "How is the queue drained?",
        f"1. The queue is drained by hand:\n\n{LONG_CODE}\n2. Then it is closed.\n",
        f"1. The queue is drained by hand:\n\n{LONG_CODE.rstrip()}",
    ),
    "code that a border of the passage cuts off is closed": Case(
        "How is the queue drained?",
        "The queue is drained by:\n\n```python\nqueue.drain_all()\n",
        "The queue is drained by:\n\n```python\nqueue.drain_all()\n```",
    ),
    "the row that is asked for": Case(
        "What is the return fee for Spain?",
        FEES,
        "Whoever returns a parcel pays:\n\n- Country: Spain; Return fee: 7 EUR; Days: 30",
    ),
    "a row whose number the question writes as a word": Case(
        "How many failures does a cluster of seven members tolerate?",
        "| Cluster size | Failures |\n| --- | --- |\n| 1 | 0 |\n| 7 | 3 |\n| 9 | 4 |\n",
        "- Cluster size: 7; Failures: 3",
    ),
    "all rows where none is asked for": Case(
        "What are the return fees?",
        FEES,
        "Whoever returns a parcel pays:\n\n- Country: France; Return fee: 4 EUR; Days: 14\n"
        "- Country: Spain; Return fee: 7 EUR; Days: 30\n- Country: Italy; Return fee: free",
    ),
    "a heading leads to steps in order": Case(
        "What are the steps of the payments runbook?",
        RUNBOOK,
        "Steps of the runbook:\n\n1. Stop the worker.\n2. Drain the queue.\n3. Start the worker.",
    ),
    "a heading leads to the list under it": Case(
        "What changed in version 0.28?",
        CHANGES,
        "## Version 0.28\n\nReleased 2024-05-01\n\n- Added HTTP/2 support.\n- Removed the cookie jar.",
    ),
    "a heading that asks leads to its answer": Case("Why is the queue slow?", QUESTIONS, "The disk is slow."),
    "a line that asks leads to its answer": Case("Where is the owner?", QUESTIONS, "In the office."),
    "a short heading that says what is asked": Case(
        "Which flags were removed in acme?",
        "Flags of acme were changed by many people.\n\n### Flags removed\n\n```\n--proxy\n```\n",
        "```\n--proxy\n```",
    ),
    "the first paragraph under a heading": Case(
        "What is the mail room?",
        f"## The mail room\n\n{'It is where parcels wait for those who sent for them. ' * 2}\n\nOther rooms are small.",
        ("It is where parcels wait for those who sent for them. " * 2).strip(),
    ),
    "code that the last step announces": Case(
        "What are the steps to drain the queue?",
        "## Steps to drain the queue\n\n1. Stop the worker.\n2. Run this:\n\n```\ndrain\n```\n\nThe end is near.",
        "1. Stop the worker.\n2. Run this:\n\n```\ndrain\n```",
    ),
    "one item of a list that is too long to be quoted whole": Case(
        "What does code 3 mean?",
        LONG_LIST,
        f"The exit codes are:\n\n- Code 3: {('elm ' * 12).strip()}",
    ),
    "a lead-in within its paragraph brings the next sentence": Case(
        "What is the rule for parcels?",
        "The rule for parcels is:\nNobody waits.\nCats sleep.",
        "The rule for parcels is:\nNobody waits.",
    ),
    "the section decides between two that say the same": Case(
        "How long is the notice in Spain?",
        "The notice is one month.",
        "The notice is one month.",
        Place(("Contracts", "Spain")),
    ),
    "part of a block of code": Case(
        "What does drain_all do?",
        "def drain_all():\n    pass",
        "```\ndef drain_all():\n    pass\n```",
        Place(kind=PassageKind.CODE),
    ),
    "a sentence with the one that says what it is about": Case(
        "How is the limit of requests configured?",
        "A request has at most 1.5 MiB. This limit is configured by a flag of the server. Disks are slow.",
        "A request has at most 1.5 MiB. This limit is configured by a flag of the server.",
    ),
    "the definition of a thing and not what else is said of it": Case(
        "What is a lease?",
        "The lease of the cluster expires. A lease is a contract. Whoever has the lease renews it.",
        "A lease is a contract.",
    ),
    "the heading of one word that is to be defined": Case(
        "What is a lease?",
        "The server may take a lease away.\n\n## Lease\n\nA short contract.\n\n## Lock\n\nA long one.",
        "A short contract.",
    ),
    "the item that begins with the name and not with a longer one": Case(
        "What is the tmp_path fixture?",
        "The tmp_path_factory fixture makes paths.\n\n- `cache`: keeps values\n- `tmp_path`: gives an empty folder\n",
        "- `cache`: keeps values\n- `tmp_path`: gives an empty folder",
    ),
    "the size where it is asked how large": Case(
        "How large may a request be?",
        "A large cluster serves a request. The size of a request is 1.5 MiB at most.",
        "The size of a request is 1.5 MiB at most.",
    ),
    "a year is no number of things": Case(
        "How many mills did Bruni build?",
        "Bruni built mills in 1913. Bruni built seven hundred mills, 12 of wood.",
        "Bruni built seven hundred mills, 12 of wood.",
    ),
    "the name of an entry of a reference": Case(
        "How do I choose tests by name?",
        "## Selection\n\n### -k EXPRESSION\n\nChoose tests by their name.\n",
        "### -k EXPRESSION\n\nChoose tests by their name.",
    ),
    "a way to do something before what is said of it": Case(
        "How do I drain the queue?",
        "The queue may drain slowly.\n\nTo drain the queue:\n\n```\ndrain\n```\n",
        "To drain the queue:\n\n```\ndrain\n```",
    ),
    "a version that is marked as one": Case(
        "What is the default of the count in v3.6?",
        "Since v3.2 the default of the count is high. In v3.6 the count is ten.",
        "In v3.6 the count is ten.",
    ),
    "the answer and not the question that somebody has put": Case(
        "Why is my screen blank?",
        "## Why is the screen blank?\n\nI started it and my screen is blank.\n\n### Answer\n\nSet the mode to soft.\n",
        "Set the mode to soft.",
    ),
    "code that plain text indents, after a sentence without an end": Case(
        "What is assert equivalent to?",
        "The assert statement\n********************\n\nThe statement assert is equivalent to\n\n"
        "   if __debug__:\n      if not expression: raise AssertionError\n\nIt is short.",
        "The statement assert is equivalent to\n\n```\nif __debug__:\n   if not expression: raise AssertionError\n```",
    ),
    "a list after a line without an end": Case(
        "What do you need for the mail room?",
        "For the mail room you need\n\n* a key\n* a card\n",
        "For the mail room you need\n\n* a key\n* a card",
    ),
    "prose with names of code that plain text indents": Case(
        "What do all classes have?",
        "object.__hash__(self)\n\n   All classes have the methods `__eq__()` and `__hash__()` by\n   default.\n",
        "All classes have the methods `__eq__()` and `__hash__()` by default.",
    ),
    "prose that is indented is no code": Case(
        "Where is the mail room?",
        "    The mail room is on floor two of the old house.\n",
        "The mail room is on floor two of the old house.",
    ),
}


def answered(question: str, *passages: Passage, tuning: Tuning = ANYTHING) -> Answer:
    handles = {f"p{number}": passage for number, passage in enumerate(passages, 1)}
    candidates = [
        Candidate(handle, passage.text[start:end], Sentence(start, end))
        for handle, passage in handles.items()
        for start, end in sentences(passage.text)
    ]
    return choose(question, handles, candidates, None, tuning)


@pytest.mark.parametrize("name", CASES)
def test_is_quoted_as_one_segment_that_is_verbatim(name: str) -> None:
    case = CASES[name]
    passage = Passage("c1", case.passage, place=case.place)
    assert answered(case.question, passage).segments == ((case.quoted, ("p1",)),)
    judged = judge_segment(
        Segment(fold_lines(case.quoted), ("p1",)), {"p1": Source(passage)}, RuleChecker.packaged(), case.question
    )
    stands = {Verdict.VERBATIM, Verdict.CONSISTENT} if "code" in name else {Verdict.VERBATIM}
    assert {sentence.verdict for sentence in judged.sentences} <= stands


@pytest.mark.parametrize(
    "text",
    [
        "## Return fee",
        "Return fee:",
        "Return fee\n==========",
        "+-------+------------+\n| Spain | Return fee |\n+-------+------------+",
        "| Country | Return fee |\n| --- | --- |",
        "# Return\n\n## Fee\n",
        "What is the return fee?",
        "<!-- The return fee is 4 EUR. -->",
        "The return fee is as follows:\n\n## Days\n\nThirty.",
    ],
)
def test_nothing_that_only_leads_somewhere_is_an_answer(text: str) -> None:
    found = answered("What is the return fee?", Passage("c1", text))
    assert not any("eturn" in said for said, _ in found.segments)


@pytest.mark.parametrize("line", ["*" * 19, "^" * 19, '"' * 19, "+" * 19, "=" * 19])
def test_a_line_that_is_underlined_is_a_heading(line: str) -> None:
    text = f"Displays of returns\n{line}\n\nThe return fee is 4 EUR."
    everything = replace(ANYTHING, cut=0.0, most=9)
    found = answered("What is the return fee?", Passage("c1", text), tuning=everything)
    assert found.segments == (("The return fee is 4 EUR.", ("p1",)),)


def test_items_of_one_list_share_its_lead_in() -> None:
    found = answered("What do code 3 and code 4 mean?", Passage("c1", LONG_LIST), tuning=Tuning(enough=0.0, most=2))
    ((text, handles),) = found.segments
    assert [line.partition(":")[0] for line in text.splitlines() if line] == [
        "The exit codes are",
        "- Code 3",
        "- Code 4",
    ]
    assert handles == ("p1",)


def test_a_heading_above_decides_between_sentences_that_say_the_same() -> None:
    france, spain = (
        Passage(name, "The notice is one month.", place=Place(("Contracts", name))) for name in ("France", "Spain")
    )
    for passages in ((france, spain), (spain, france)):
        ((_, handles),) = answered("How long is the notice in Spain?", *passages).segments
        assert passages[int(handles[0][1:]) - 1] is spain


def test_nothing_is_added_beyond_the_length_of_an_answer() -> None:
    passages = [Passage(f"c{number}", f"Mill {number} grinds corn. " + "It is old. " * 30) for number in range(3)]
    longer, shorter = (
        answered("Which mill grinds corn?", *passages, tuning=Tuning(enough=0.0, cut=0.0, longest=longest)).segments
        for longest in (1200, 19)
    )
    assert len(longer) > len(shorter) == 1


def test_what_is_told_apart_by_its_number_is_not_mixed_up() -> None:
    codes = [f"Fact 5.{number}: the code of door {number} is {5000 + number}." for number in range(8)]
    passages = Passage("c1", "\n\n".join(codes[:4])), Passage("c2", "\n\n".join(codes[4:]))
    found = answered("What is the code of door 5?", *passages).segments
    assert found == (("Fact 5.5: the code of door 5 is 5005.", ("p2",)),)
    headed = Passage("c1", "# Doc 5\n\n" + "\n\n".join(codes[:4])), passages[1]
    assert answered("What is the code of door 5?", *headed).segments == found
    assert "door 2" in answered("What is the code of door 2?", *passages).segments[0][0]


@pytest.mark.parametrize(
    ("question", "enough"), [("How did the queue of workers drain?", True), ("How do I drain the queue?", False)]
)
def test_what_is_just_enough_is_not_enough_to_act_on(question: str, enough: bool) -> None:
    passage = Passage("c1", "The queue drains into the cellar, where workers wait.")
    strength = answered(question, passage).strength
    found = answered(question, passage, tuning=Tuning(enough=strength - 0.01, sure=1.0))
    assert bool(found.segments) is enough
