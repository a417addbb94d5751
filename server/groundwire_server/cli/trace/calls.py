"""The calls of a trace: each with its stages, and with what they called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from groundwire_server.cli.trace.spans import TracedSpan
from groundwire_server.telemetry import names

_PREFIX = "groundwire."
"""Of the names of our methods and stages, whatever the service is called."""

_Id: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TracedCall:
    """A call that a server answered, or what is known of one that is not complete.

    Attributes:
        trace_id: of the trace that it belongs to.
        own: the call's own span; None while it was not exported.
        within: every span within the call with its depth from 0, a span before those within it.
    """

    trace_id: str
    own: TracedSpan | None
    within: Sequence[tuple[int, TracedSpan]]

    @property
    def start(self) -> float:
        """When it began, in seconds since the epoch."""
        return self.own.start if self.own is not None else min(span.start for _, span in self.within)

    @property
    def seconds(self) -> float:
        """How long it took, in seconds, as far as that is known."""
        if self.own is not None:
            return self.own.duration
        return max(span.end for _, span in self.within) - self.start

    @property
    def first_token(self) -> float | None:
        """Seconds from its beginning to the first token of a model; None when there was none."""
        if self.own is not None and (seconds := self.own.number(names.FIRST_TEXT)) is not None:
            return seconds
        firsts = [
            span.start - self.start + seconds
            for _, span in self.within
            if (seconds := span.number(names.GEN_AI_FIRST_CHUNK)) is not None
        ]
        return min(firsts, default=None)

    @property
    def model(self) -> str:
        """The alias of the model that was asked last; empty when none was."""
        asked = [span.text(names.MODEL) for _, span in self.within if span.text(names.MODEL)]
        return asked[-1] if asked else ""

    @property
    def attempts(self) -> int:
        """How many attempts it made to write an answer."""
        return int(max((span.number(names.ATTEMPT) or 0 for _, span in self.within), default=0))

    def total(self, name: str) -> float | None:
        """Return the sum of an attribute over the call; None when no span has it."""
        found = [value for _, span in self.within if (value := span.number(name)) is not None]
        return sum(found) if found else None

    def text(self, name: str) -> str:
        """Return an attribute of the call; empty when it is not known."""
        return "" if self.own is None else self.own.text(name)


def calls_of(spans: Sequence[TracedSpan]) -> Sequence[TracedCall]:
    """Return the calls in the order of their starts.

    Args:
        spans: of one trace or of several, in the order of their starts.
    """
    # A span that was exported twice is one span.
    known = {(span.trace_id, span.span_id): span for span in spans}
    within: dict[_Id, list[TracedSpan]] = {}
    for span in known.values():
        within.setdefault((span.trace_id, span.parent_id), []).append(span)
    calls = [TracedCall(span.trace_id, span, _below(span, within)) for span in known.values() if _is_call(span)]
    # Spans of a call whose own span is not there: it is running, or is exported later.
    stray: dict[str, list[tuple[int, TracedSpan]]] = {}
    for span in known.values():
        orphan = (span.trace_id, span.parent_id) not in known
        if orphan and span.name.startswith(_PREFIX) and not span.served:
            stray.setdefault(span.trace_id, []).extend([(0, span), *_below(span, within, 1)])
    calls += [TracedCall(trace_id, None, spans) for trace_id, spans in stray.items()]
    return sorted(calls, key=lambda call: call.start)


def _is_call(span: TracedSpan) -> bool:
    return span.served and span.text(names.RPC_METHOD).startswith(_PREFIX)


def _below(
    span: TracedSpan, within: Mapping[_Id, Sequence[TracedSpan]], depth: int = 0
) -> Sequence[tuple[int, TracedSpan]]:
    """Return the spans within one, each with its depth; a call that another call made stands for itself."""
    found: list[tuple[int, TracedSpan]] = []
    # Without recursion: how deep a trace is, others decide.
    waiting = [(depth, each) for each in reversed(within.get((span.trace_id, span.span_id), ()))]
    while waiting:
        at, each = waiting.pop()
        if not _is_call(each):
            found.append((at, each))
            waiting += [(at + 1, child) for child in reversed(within.get((each.trace_id, each.span_id), ()))]
    return found
