"""The page of a load on a running server."""

import htpy as h

from groundwire_server.cli.bench.load import CallKind
from groundwire_server.cli.bench.result import Result
from groundwire_server.cli.pages import charts
from groundwire_server.cli.pages.page import badge, page, section, table
from groundwire_server.cli.pages.scale import number
from groundwire_server.cli.words import RESULTS

_CLOSED_LOOP = (
    "Each caller sends its next call when the last one has returned. Times are measured by the caller: they include "
    "the network and the client. The slowest half percent is beyond the right edge."
)
_ANSWERS = frozenset({"answered", "cached", "found"})


def html(result: Result) -> str:
    """Return the whole page."""
    plan, samples = result.plan, result.samples
    lead = (
        f"{samples.calls} calls ({plan.kind}) by {plan.callers} at once in {result.seconds:.1f} s, "
        f"{number(result.rate)} per second; {result.ended}."
    )
    parts = []
    curves = [charts.Curve("the whole call", samples.latencies, "product")]
    if plan.kind is CallKind.STREAM:
        curves.insert(0, charts.Curve("until the first text", samples.first_texts, "product second"))
    if samples.latencies:
        chart = charts.distribution(curves, "ms", "Share of calls by their latency")
        parts.append(section("Latency", h.figure[chart, charts.percentiles(curves, "ms")], note=_CLOSED_LOOP))
    rows = [
        (badge(word, "good" if word in _ANSWERS else "plain"), str(calls), RESULTS.get(word, ""))
        for word, calls in samples.outcomes.most_common()
    ]
    rows += [(badge(reason, "bad"), str(calls), "failed calls") for reason, calls in samples.errors.most_common()]
    parts.append(section("How the calls ended", table(("outcome or reason", "calls", "meaning"), rows)))
    return page("groundwire under load", h.p[lead], parts, result.machine.labels)
