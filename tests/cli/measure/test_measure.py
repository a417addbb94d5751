"""`groundwire measure`: what it says of the samples that reviewers have decided."""

import json
from collections.abc import Callable, Iterator, Sequence

import pytest

from groundwire.v1.grounding_pb2 import Verdict
from groundwire.v1.review_service_pb2 import MeasureReviewsRequest, SampleCounts
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.measure import page
from groundwire_server.cli.measure.page import print_measured, sentence, tally_of, warnings
from groundwire_server.evaluation.sampled_wrong import SampleTally, WrongShares, wrong_shares
from tests.cli.conftest import Ran
from tests.doubles.reviewed_service import ReviewedService, serving_reviewed

Command = Callable[..., Ran]


@pytest.fixture
def reviewed() -> ReviewedService:
    return ReviewedService()


@pytest.fixture
def reviewed_address(reviewed: ReviewedService) -> Iterator[str]:
    with serving_reviewed(reviewed) as address:
        yield address


def measured(*counts: tuple[int, int, int], share: float = 0.1) -> WrongShares:
    tallies = [SampleTally("faq", "ENTAILED", sampled, decided, wrong, share) for sampled, decided, wrong in counts]
    return wrong_shares(tallies, 0.02, 0.95)


def shown(found: WrongShares, monkeypatch: pytest.MonkeyPatch, width: int = 100) -> list[str]:
    """What a terminal shows."""
    console = Terminal(width=width)
    monkeypatch.setattr(console, "_force_terminal", True)
    monkeypatch.setattr(page, "Terminal", lambda **_: console)
    with console.capture() as captured:
        print_measured(found, 0.02, 0.95)
    return [line.rstrip() for line in captured.get().splitlines()]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((), "No sample is decided yet, so nothing is known about the answers that left."),
        (
            ((100, 100, 0),),
            (
                "Of 100 decided samples none was wrong: at most 3.6 % of the answers are, with 95 % confidence "
                "(Clopper-Pearson)."
            ),
        ),
        (
            ((100, 100, 1),),
            (
                "Of 100 decided samples 1 was wrong: 1 % of the answers are, between 0 % and 5.4 % with 95 % "
                "confidence (Clopper-Pearson)."
            ),
        ),
        (
            ((1200, 1200, 36),),
            (
                "Of 1,200 decided samples 36 were wrong: 3 % of the answers are, between 2.1 % and 4.1 % with 95 % "
                "confidence (Clopper-Pearson)."
            ),
        ),
        (
            ((5, 5, 5),),
            (
                "Of 5 decided samples 5 were wrong: 100 % of the answers are, between 47.8 % and 100 % with 95 % "
                "confidence (Clopper-Pearson)."
            ),
        ),
    ],
)
def test_one_sentence_says_how_many_are_wrong(counts: Sequence[tuple[int, int, int]], said: str) -> None:
    assert sentence(measured(*counts).total, 0.95) == said


def test_a_terminal_shows_each_row_the_sentence_and_how_many_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(measured((100, 100, 0)), monkeypatch) == [
        "route  weakest verdict  samples  decided  wrong  share   interval  more",
        "faq    ENTAILED             100      100      0    0 %  0.0-3.6 %    83",
        "all                         100      100      0    0 %  0.0-3.6 %    83",
        "Of 100 decided samples none was wrong: at most 3.6 % of the answers are, with 95 % confidence",
        "(Clopper-Pearson).",
        "At least 83 more decisions, none of them wrong, bring both ends within 2 points.",
    ]


def test_it_says_what_the_figures_do_not() -> None:
    assert list(warnings(measured((100, 100, 1)))) == []
    few, undecided = warnings(measured((100, 20, 1)))
    assert few == "Caution: fewer than 30 samples are decided, so that little can be said."
    assert undecided.startswith("Caution: 80 of 100 samples are not decided.")
    changed = SampleTally("faq", "ENTAILED", 100, 100, 1, 0.1, share_changed=True)
    (said,) = warnings(wrong_shares([changed], 0.02, 0.95))
    assert said.startswith("Caution: the share that is sampled was changed in this time (faq)")
    rows = [SampleTally("faq", "ENTAILED", 100, 100, 1, 0.1), SampleTally("strict", "ENTAILED", 100, 100, 1, 1.0)]
    assert ["different shares" in line for line in warnings(wrong_shares(rows, 0.02, 0.95))] == [True]


def test_a_pipe_reads_rows_and_the_total(
    groundwire_command: Command, reviewed: ReviewedService, reviewed_address: str
) -> None:
    ran = groundwire_command("measure", "--server", reviewed_address, "--route", "faq", "--since", "2026-11-01")
    assert ran.code == 0
    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert rows[0] == ["faq", "", "9", "7", "1", "0.1429", "0.0036", "0.5787", rows[0][-1]]
    assert rows[1][2:] == rows[0][2:]
    assert "Of 7 decided samples 1 was wrong" in " ".join(ran.err.split())
    request = reviewed.calls[-1].request
    assert isinstance(request, MeasureReviewsRequest)
    assert request.route == "faq"
    assert request.since.ToJsonString() == "2026-11-01T00:00:00Z"
    assert not request.HasField("until")


def test_json_holds_everything(groundwire_command: Command, reviewed_address: str) -> None:
    ran = groundwire_command("measure", "--server", reviewed_address, "--confidence", "0.9", "--json")
    found = json.loads(ran.out)
    assert (found["method"], found["confidence"]) == ("clopper-pearson", 0.9)
    assert found["total"]["share_wrong"] == pytest.approx(1 / 7, abs=1e-6)
    assert found["total"]["more_needed"] > 0
    assert len(found["rows"]) == 1
    assert found["warnings"]


@pytest.mark.parametrize("since", ["yesterday", "0d", "2026-13-01"])
def test_a_time_that_is_none_is_refused(groundwire_command: Command, since: str) -> None:
    ran = groundwire_command("measure", "--since", since)
    assert ran.code == 2
    assert f"--since {since}: give a date such as 2026-11-01" in ran.err


def test_an_answer_that_claims_nothing_has_a_row_too() -> None:
    row = SampleCounts(route="faq", sampled=3, decided=2, wrong=0, share=0.5, lowest_share=0.5)
    assert tally_of(row) == SampleTally("faq", "", 3, 2, 0, 0.5)
    row.weakest_verdict = Verdict.VERDICT_CONSISTENT
    assert tally_of(row).verdict == "CONSISTENT"
    row.lowest_share = 0.1
    assert tally_of(row).share_changed is True
