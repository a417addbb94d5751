"""The page of a load on a running server."""

from html import escape

from groundwire_server.cli.bench import page, svg
from groundwire_server.cli.bench.load import Kind
from groundwire_server.cli.bench.result import Result
from groundwire_server.cli.bench.scale import number
from groundwire_server.cli.words import RESULTS

_CLOSED_LOOP = (
    "Each caller sends its next call when the last has come back. Times are the caller's: they hold the network and "
    "the client. The slowest half percent lies beyond the right edge."
)


def html(result: Result) -> str:
    """The whole page."""
    plan, samples = result.plan, result.samples
    lead = (
        f"<p>{samples.calls} calls ({plan.kind}) by {plan.callers} at once in {result.seconds:.1f} s, "
        f"{number(result.rate)} a second; over because {escape(result.ended)}.</p>"
    )
    parts = []
    curves = [svg.Curve("the whole call", samples.latencies, "product")]
    if plan.kind is Kind.STREAM:
        curves.insert(0, svg.Curve("until the first text", samples.first_texts, "product second"))
    if samples.latencies:
        chart = svg.distribution(curves, "ms", "Share of calls by the time they took")
        parts.append(page.section("Latency", f"<figure>{chart}{svg.legend(curves, 'ms')}</figure>", note=_CLOSED_LOOP))
    rows = [
        (page.badge(word, "good" if word in _ANSWERS else "plain"), str(calls), escape(RESULTS.get(word, "")))
        for word, calls in samples.outcomes.most_common()
    ]
    rows += [(page.badge(reason, "bad"), str(calls), "failed calls") for reason, calls in samples.errors.most_common()]
    parts.append(page.section("How the calls ended", page.table(("outcome or reason", "calls", "meaning"), rows)))
    return page.page("groundwire under load", lead, result.machine, parts)


_ANSWERS = frozenset({"answered", "cached", "found"})
