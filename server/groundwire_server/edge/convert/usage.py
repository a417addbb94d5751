"""Accounts of usage, as the contract says them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from groundwire.v1 import report_pb2, usage_service_pb2
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Purpose
from groundwire_server.edge.convert.words import PURPOSES
from groundwire_server.ports.usage import OpenBook, UsageDimension, UsageQuery, UsageRow, UsageSum

MOST_DAYS: Final = 400
"""Days of one query."""

_DIMENSIONS: Final[Mapping[int, UsageDimension]] = {
    usage_service_pb2.UsageDimension.Value(f"USAGE_DIMENSION_{word}"): word
    for word in UsageDimension
    # A call is about the caller's tenant and no other.
    if word is not UsageDimension.TENANT
}


def query_from_pb(tenant: str, request: usage_service_pb2.QueryUsageRequest, today: date) -> UsageQuery:
    """Return what a request asks for.

    Args:
        tenant: of the caller.
        request: within the contract's constraints.
        today: in UTC.

    Raises:
        Rejection: INVALID_REQUEST for days that do not exist, are in the wrong order, or too many, and for names that
            nothing can have.
    """
    for name in ("subject", "model"):
        if not getattr(request, name).isprintable():
            raise Rejection.invalid(name, "must hold printable characters alone", name)
    last = _day("last_day", request.last_day) if request.last_day else today
    first = _day("first_day", request.first_day) if request.first_day else last.replace(day=1)
    if first > last:
        raise Rejection.invalid("last_day", f"must not be before first_day, {first}", "last_day")
    if _too_many(first, last):
        raise Rejection.invalid(
            "first_day", f"must be at most {MOST_DAYS} days before the end of last_day", "first_day"
        )
    group_by = tuple(_DIMENSIONS[each] for each in request.group_by)
    return UsageQuery(tenant, first, last, group_by, request.subject, request.route, request.model)


def row_to_pb(row: UsageRow) -> usage_service_pb2.UsageRow:
    """Return a sum."""
    sums = row.sums
    return usage_service_pb2.UsageRow(
        day="" if row.day is None else row.day.isoformat(),
        subject=row.subject or "",
        route=row.route or "",
        model=row.model or "",
        purpose=report_pb2.Usage.PURPOSE_UNSPECIFIED if row.purpose is None else PURPOSES[row.purpose],
        input_tokens=sums.input_tokens,
        cached_input_tokens=sums.cached_input_tokens,
        output_tokens=sums.output_tokens,
        cost_micros=sums.cost_micros,
        currency=row.currency,
        calls=sums.calls,
        estimated_calls=sums.estimated_calls,
    )


def book_to_pb(book: OpenBook) -> usage_service_pb2.OpenBook:
    """Return an open book."""
    message = usage_service_pb2.OpenBook(process=book.process, open_calls=book.open_calls)
    message.begin_time.FromDatetime(book.began)
    message.written_time.FromDatetime(book.written)
    return message


def place_to_texts(query: UsageQuery, row: UsageRow) -> Sequence[str]:
    """Return the place of a row in the answer to a query, with the query's days, which may be those of today."""
    values = (str(getattr(row, each.value.lower())) for each in query.group_by)
    return (query.first.isoformat(), query.last.isoformat(), *values, row.currency)


def place_from_texts(group_by: Sequence[UsageDimension]) -> Callable[..., tuple[date, date, UsageRow]]:
    """Return what reads places of rows with these dimensions; it raises ValueError or TypeError for other texts."""

    def read(first: str, last: str, *values: str) -> tuple[date, date, UsageRow]:
        *apart, currency = values
        days = date.fromisoformat(first), date.fromisoformat(last)
        if not all(value.isprintable() for value in values) or _too_many(*days):
            raise ValueError
        known = dict(zip(group_by, apart, strict=True))
        day, purpose = known.get(UsageDimension.DAY), known.get(UsageDimension.PURPOSE)
        row = UsageRow(
            UsageSum(),
            currency,
            day=None if day is None else date.fromisoformat(day),
            subject=known.get(UsageDimension.SUBJECT),
            route=known.get(UsageDimension.ROUTE),
            model=known.get(UsageDimension.MODEL),
            purpose=None if purpose is None else Purpose(purpose),
        )
        return *days, row

    return read


def _too_many(first: date, last: date) -> bool:
    return (last - first).days >= MOST_DAYS


def _day(field: str, written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Rejection.invalid(field, "must be a day that exists, as YYYY-MM-DD", field) from None
