"""`groundwire usage`."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from groundwire.v1.report_pb2 import Usage
from groundwire.v1.usage_service_pb2 import OpenBook, QueryUsageResponse, UsageDimension, UsageRow
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.usage.page import TenantRow, print_csv, print_open_books, print_table
from tests.cli.conftest import Ran
from tests.doubles.reviewed_service import ReviewedService, serving_reviewed

Command = Callable[..., Ran]

FIGURES: dict[str, Any] = {"input_tokens": 812, "cached_input_tokens": 512, "output_tokens": 61, "calls": 2}
ROWS = (
    UsageRow(day="2026-11-26", model="large", **FIGURES, cost_micros=1969, currency="EUR"),
    UsageRow(day="2026-11-27", model="large", **FIGURES, cost_micros=1_234_567_890, currency="EUR", estimated_calls=1),
    UsageRow(day="2026-11-27", model="own", **FIGURES),
)
FOUND = QueryUsageResponse(rows=ROWS)
FOUND.counted_time.FromJsonString("2026-11-27T15:00:00Z")


@pytest.fixture
def service() -> ReviewedService:
    service = ReviewedService()
    service.rows = ROWS
    return service


@pytest.fixture
def command(groundwire_command: Callable[..., Ran], service: ReviewedService) -> Iterator[Command]:
    with serving_reviewed(service) as address:
        yield lambda *arguments: groundwire_command("usage", *arguments, "--server", address)


def shown(found: QueryUsageResponse, *dimensions: str, width: int = 90) -> list[str]:
    console = Terminal(width=width)
    with console.capture() as captured:
        print_table(console, dimensions, [TenantRow(row) for row in found.rows], found.counted_time)
    return [line.rstrip() for line in captured.get().splitlines()]


def book(number: int, calls: int) -> OpenBook:
    made = OpenBook(process=f"p{number}", open_calls=calls)
    made.written_time.FromJsonString("2026-11-27T14:59:59Z")
    return made


def said(books: Sequence[OpenBook]) -> str:
    console = Terminal(width=200)
    with console.capture() as captured:
        print_open_books(console, books)
    return captured.get()


def test_a_table_has_a_total_of_each_currency() -> None:
    assert shown(FOUND, "day", "model") == [
        "day         model  calls  input  cached  output            cost",
        "2026-11-26  large      2    812     512      61      0.0020 EUR",
        "2026-11-27  large      2    812     512      61  1,234.5679 EUR",
        "2026-11-27  own        2    812     512      61        no price",
        "total                  2    812     512      61        no price",
        "total                  4  1,624   1,024     122  1,234.5699 EUR",
        "estimated in part: 1 call of models that gave no count",
        "counted up to 2026-11-27 15:00:00 UTC",
    ]


def test_a_row_that_is_too_long_takes_two_lines() -> None:
    assert shown(QueryUsageResponse(rows=ROWS[:1]), "day", "model", width=50)[:2] == [
        "2026-11-26  large",
        "  2 calls, 812 input, 512 cached, 61 output,",
    ]


def test_where_nothing_was_consumed_it_says_so() -> None:
    assert shown(QueryUsageResponse(), "model")[0] == "nothing was consumed"


def test_a_name_cannot_steer_the_terminal() -> None:
    found = QueryUsageResponse(rows=[UsageRow(subject="\x1b[31mred", **FIGURES)])
    assert "\x1b" not in str(shown(found, "subject"))


def test_every_page_is_asked_for_and_printed(command: Command, service: ReviewedService) -> None:
    ran = command("--by", "day, model", "--from", "2026-11-01", "--to", "2026-11-30", "--route", "faq")
    assert (ran.code, ran.err) == (0, "")
    assert list(csv.reader(io.StringIO(ran.out))) == [
        ["day", "model", "calls", "input_tokens", "cached_input_tokens", "output_tokens", "estimated_calls", "cost",
         "currency"],
        ["2026-11-26", "large", "2", "812", "512", "61", "0", "0.001969", "EUR"],
        ["2026-11-27", "large", "2", "812", "512", "61", "1", "1234.567890", "EUR"],
        ["2026-11-27", "own", "2", "812", "512", "61", "0", "0.000000", ""],
    ]  # fmt: skip
    assert ran.out == command("--csv", "--by", "day,model").out
    request = service.calls[0].request
    assert list(request.group_by) == [UsageDimension.USAGE_DIMENSION_DAY, UsageDimension.USAGE_DIMENSION_MODEL]
    assert (request.first_day, request.last_day, request.route) == ("2026-11-01", "2026-11-30", "faq")


def test_as_json(command: Command, service: ReviewedService) -> None:
    ran = command("--json", "--by", "total")
    assert [row["calls"] for row in json.loads(ran.out)["rows"]] == ["2", "2", "2"]
    assert list(service.calls[0].request.group_by) == []


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_of_the_csv_is_a_formula(name: str) -> None:
    written = io.StringIO()
    print_csv(written, ["subject"], [TenantRow(UsageRow(subject=name))])
    (_, row) = csv.reader(io.StringIO(written.getvalue(), newline=""))
    assert row[0] == f"'{name.strip()}"


@pytest.mark.parametrize("name", ["Doe, Jane", 'the "new" app', "Ünal"])
def test_names_come_through_the_csv_whole(name: str) -> None:
    written = io.StringIO()
    print_csv(written, ["subject"], [TenantRow(UsageRow(subject=name))])
    (_, row) = csv.reader(io.StringIO(written.getvalue(), newline=""))
    assert row[0] == name


def test_subjects_that_were_not_told_apart_and_purposes_have_words() -> None:
    written = io.StringIO()
    print_csv(written, ["subject", "purpose"], [TenantRow(UsageRow(purpose=Usage.PURPOSE_CHECK))])
    assert written.getvalue().splitlines()[1].startswith("(not told apart),check,")


def test_open_books_are_said_with_what_to_do() -> None:
    assert said([]) == ""
    one = said([book(1, 1)])
    assert "1 process has not written" in one
    assert "p1: written until 2026-11-27 14:59:59 UTC, 1 call in flight" in one
    assert "the provider's bill" in one
    many = said([book(number, 2) for number in range(7)])
    assert "7 processes have" in many
    assert "and 2 more" in many


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--by", "tenant"), "--by tenant needs --records"),
        (("--by", "hour"), "--by takes"),
        (("--config", "groundwire.yaml"), "--config is for --records"),
        (("--by", "day,day"), "--by takes"),
        (("--by", ""), "--by takes"),
        (("--from", "2026-02-30"), "--from takes a day"),
        (("--to", "today"), "--to takes a day"),
        (("--csv", "--json"), "exclude each other"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(command: Command, arguments: tuple[str, ...], message: str) -> None:
    ran = command(*arguments)
    assert ran.code == 2
    assert message in ran.err
