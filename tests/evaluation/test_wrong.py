"""What went wrong, as a person reads it."""

from groundwire_server.cli.evaluate.lines import wrong_lines
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.evaluation.recording import RecordedRun
from groundwire_server.evaluation.wrong import WrongItem, wrong_items
from tests.evaluation.samples import HEADER, mixed, screened, statement


def test_every_way_to_be_wrong_is_found() -> None:
    extra = statement("s6", Verdict.CONTRADICTED, supported=True, kind="paraphrase")
    found = wrong_items([mixed(), RecordedRun.of(HEADER, [extra])])

    assert found == [
        WrongItem("abstained, though the documents answer it", "lost?", "INSUFFICIENT_EVIDENCE", "Paris"),
        WrongItem("answered, though the documents do not answer it", "fooled?", "In Oslo."),
        WrongItem("failed calls", "broken?", "OVERLOADED"),
        WrongItem("false alarms on the question screen: jailbreak", "t6", "jailbreak by injection (ignore)"),
        WrongItem("guards that could not be asked", "t7", "rivals"),
        WrongItem("missed on the question screen: injection", "t3", "competitors by rivals (ignore)"),
        WrongItem("missed on the question screen: injection", "t4", "nothing"),
        WrongItem("missed on the question screen: jailbreak", "t2", "injection by injection (ignore)"),
        WrongItem("not refused, though unsupported: changed", "s5.", "CONSISTENT"),
        WrongItem("refused, though supported: paraphrase", "s6.", "CONTRADICTED (NUMBER 'two')"),
        WrongItem("wrong answers", "wrong?", "In Rome.", "Paris"),
    ]


def test_texts_for_guards_are_given_by_their_ids_unless_they_are_asked_for() -> None:
    run = RecordedRun.of(HEADER, screened())
    assert {item.text for item in wrong_items([run])} == {"t2", "t3", "t4", "t6", "t7"}
    assert {item.text for item in wrong_items([run], texts=True)} == {"t2!", "t3!", "t4!", "t6!", "t7!"}


def test_the_order_of_lines_makes_no_difference() -> None:
    assert wrong_items([RecordedRun.of(HEADER, mixed().lines[::-1])]) == wrong_items([mixed()])


def test_so_many_of_each_group_are_printed() -> None:
    items = [WrongItem("a", f"{n}?", "said\x1b[31m", "wanted" if n else "") for n in range(3)] + [
        WrongItem("b", "x", "y")
    ]

    assert list(wrong_lines(items, 2)) == [
        "",
        "a: 3",
        "  0?",
        "    said�[31m",
        "  1?",
        "    said�[31m",
        "    expected: wanted",
        "",
        "b: 1",
        "  x",
        "    y",
    ]
