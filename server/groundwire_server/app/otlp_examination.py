"""Examines the receivers of telemetry: whether they take what the server would send."""

from collections.abc import Iterator, Sequence

from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.configuration.models.telemetry import OtlpConfig
from groundwire_server.app.telemetry.receivers import Receiver, Signal, receiver
from groundwire_server.app.telemetry.senders import SendError, sender

_UNSUPPORTED = frozenset({"UNIMPLEMENTED", "HTTP 404", "HTTP 405", "HTTP 501"})
_DENIED = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED", "HTTP 401", "HTTP 403"})
_NOTHING = b""
"""A request of OTLP without any telemetry in it."""


def examine_otlp(section: OtlpConfig) -> Iterator[CheckResult]:
    """Send a request without telemetry for each signal; yield whether it was taken, signals of one fate together.

    A receiver that does not take it is a warning: answers do not depend on it.
    """
    fates: dict[tuple[str, str], list[Signal]] = {}
    for signal in Signal:
        try:
            found = receiver(section, signal)
        except OSError as failed:
            yield CheckResult.warn("otlp", f"{failed.filename} cannot be read: {failed.strerror}", "correct its `ca`")
            continue
        if found is not None:
            fates.setdefault((found.address, _refusal(found, signal)), []).append(signal)
    for (address, code), signals in fates.items():
        yield _result(address, code, [signal.value for signal in signals])


def _refusal(found: Receiver, signal: Signal) -> str:
    """Return the code that a receiver refuses an empty request with; empty when it takes it.

    The receiver's own words are left out: they may repeat a header.
    """
    probe = sender(found, signal)
    try:
        probe.send(_NOTHING)
    except SendError as refused:
        return refused.code
    finally:
        probe.close()
    return ""


def _result(address: str, code: str, signals: Sequence[str]) -> CheckResult:
    listed = " and ".join(", ".join(signals).rsplit(", ", 1))
    if not code:
        return CheckResult.ok("otlp", f"{address} takes {listed}")
    if code in _UNSUPPORTED:
        advice = f"set `enabled` to false under telemetry.otlp for {listed}, or name another receiver there"
    elif code in _DENIED:
        advice = "correct telemetry.otlp.headers"
    else:
        advice = "start the receiver, or correct telemetry.otlp: its endpoint, protocol and ca"
    return CheckResult.warn("otlp", f"{address} does not take {listed} ({code})", advice)
