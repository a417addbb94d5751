"""The contract of guards in JSON."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from pydantic_core import to_json

from groundwire_server.adapters.guards.remote.contract import Report, ReportedFinding, ReportedResult, ReportLimits
from groundwire_server.adapters.guards.remote.faults import GuardFault, InvalidFindingsFailure
from groundwire_server.adapters.http.json_reply import read_json, usage_in
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Screen

CONTRACT: Final = "groundwire.guard/1"
"""The contract's name and version, in every request: a guard refuses one that it does not know."""


class JsonFormat:
    """The ContractFormat in JSON; fields that the contract does not have are ignored."""

    def request(self, screen: Screen, texts: Sequence[str], caller: Mapping[str, str]) -> bytes:
        """Return the body of a request."""
        told = {"caller": caller} if caller else {}
        return to_json({"contract": CONTRACT, "screen": screen.value, "texts": texts, **told})

    def report(self, body: bytes, limits: ReportLimits) -> Report:
        """Return what the body of a response says.

        Raises:
            InvalidFindingsFailure: UNREADABLE or COUNT.
            Failure: that the body reports, with a status of 200.
        """
        return read_json(body, partial(_report, limits), partial(InvalidFindingsFailure, GuardFault.UNREADABLE))


def _report(limits: ReportLimits, whole: Any) -> Report:
    results = _list(whole["results"])
    limits.check_results(len(results))
    return [_result(limits, each) for each in results], usage_in(whole) or Usage()


def _result(limits: ReportLimits, value: Any) -> ReportedResult:
    findings = _list(value.get("findings", []))
    read, rest = findings[: limits.findings], findings[limits.findings :]
    beyond = frozenset(_required(each["category"], str) for each in rest)
    return ReportedResult([_finding(each) for each in read], _optional(value.get("text"), str), beyond)


def _finding(value: Any) -> ReportedFinding:
    score = value.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float | None):
        raise TypeError
    return ReportedFinding(
        category=_required(value["category"], str),
        start=_optional(value.get("start"), int),
        end=_optional(value.get("end"), int),
        score=score,
        rule=_required(value.get("rule") or "", str),
        text=_optional(value.get("text"), str),
    )


def _list(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _required(value: Any, kind: type[Any]) -> Any:
    # No subclass counts: JSON's true would be the number 1.
    if type(value) is not kind:
        raise TypeError
    return value


def _optional(value: Any, kind: type[Any]) -> Any:
    return None if value is None else _required(value, kind)
