"""What is printed of a call: one record for tables, lines and JSON."""

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from groundwire_server.cli.trace.calls import TracedCall
from groundwire_server.telemetry import names

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call; a text is empty, and a number None, where it is not known.

    Attributes:
        complete: whether the call's own span is there, which names outcome and cause.
        method: of the contract, such as `groundwire.v1.AnswerService/Answer`.
        status: of gRPC, such as `OK`.
        outcome: such as `failed_safe`.
        start: in RFC 3339, UTC.
        first_token_milliseconds: from the start to the first token of a model.
        model: the alias of the model that was asked last.
        cost_micros: in millionths of the currency.
    """

    trace_id: str
    request_id: str
    complete: bool
    method: str
    status: str
    tenant: str
    route: str
    outcome: str
    cause: str
    action: str
    next_step: str
    start: str
    milliseconds: float
    first_token_milliseconds: float | None
    model: str
    attempts: int
    input_tokens: int | None
    output_tokens: int | None
    cost_micros: int | None
    currency: str

    @property
    def result(self) -> str:
        """The outcome, or the status of a call that failed without one."""
        return self.outcome or self.status or ("unknown" if self.complete else "not complete")


def record_of(call: TracedCall) -> CallRecord:
    """Return the record of a call."""
    first = call.first_token
    currencies = [span.text(names.CURRENCY) for _, span in call.within if span.text(names.CURRENCY)]
    return CallRecord(
        trace_id=call.trace_id,
        request_id=call.text(names.REQUEST_ID),
        complete=call.own is not None,
        method=call.text(names.RPC_METHOD),
        status=call.text(names.RPC_STATUS),
        tenant=call.text(names.TENANT),
        route=call.text(names.ROUTE),
        outcome=outcome_word(call.text(names.OUTCOME)),
        cause=call.text(names.CAUSE),
        action=call.text(names.ACTION),
        next_step=call.text(names.NEXT_STEP),
        start=datetime.fromtimestamp(call.start, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        milliseconds=_milliseconds(call.seconds),
        first_token_milliseconds=None if first is None else _milliseconds(first),
        model=call.model,
        attempts=call.attempts,
        input_tokens=_whole(call.total(names.INPUT_TOKENS)),
        output_tokens=_whole(call.total(names.OUTPUT_TOKENS)),
        cost_micros=_whole(call.total(names.COST)),
        currency=currencies[-1] if currencies else "",
    )


def with_spans(call: TracedCall) -> dict[str, Any]:
    """Return the record of a call and of every span within it, as JSON."""
    spans = [
        {
            "name": span.name,
            "service": span.service,
            "depth": depth,
            "start_milliseconds": _milliseconds(span.start - call.start),
            "milliseconds": _milliseconds(span.duration),
            "budget_milliseconds": None
            if (budget := span.number(names.STAGE_BUDGET)) is None
            else _milliseconds(budget),
            "attempt": _whole(span.number(names.ATTEMPT)),
            "cause": span.text(names.CAUSE),
            "error_type": span.text(names.ERROR_TYPE),
            "failed": span.failed,
        }
        for depth, span in call.within
    ]
    return {**asdict(record_of(call)), "spans": spans}


def outcome_word(attribute: str) -> str:
    """Return the contract's word for the outcome that a span names, such as `failed_safe` for `FailedSafe`."""
    return _CAPITAL.sub("_", attribute).lower()


def outcome_attribute(word: str) -> str:
    """Return what a span says for an outcome: the reverse of `outcome_word`."""
    return "".join(part.capitalize() for part in word.split("_"))


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
