"""The plot of how a deadline is divided, computed by the code that divides it."""

from collections.abc import Iterator
from dataclasses import dataclass

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.domain.deadline import Deadline, TimePlan

DEADLINES = (0.2, 1.0, 5.0, 10.0, 30.0)
"""Deadlines in seconds."""

LEFT, WIDTH, ROW, TOP = 58, 430, 44, 38


@dataclass(frozen=True)
class Cut:
    """The parts of a deadline in seconds, in order."""

    retrieve: float
    generate: float
    validate: float
    reserve: float


def cut(seconds: float) -> Cut:
    """Return the parts of a call whose search begins on arrival and uses all of its time."""
    policy = load(Sources()).configuration.routes["default"].policy("default")
    shares = (policy.retrieval_share, policy.retrieval_max, policy.first_token_share)
    plan = TimePlan(0.0, Deadline(seconds), *shares)
    retrieve = plan.retrieve_by(0.0).at
    return Cut(
        retrieve, plan.generate_by.at - retrieve, plan.answer_by.at - plan.generate_by.at, seconds - plan.answer_by.at
    )


def plot() -> str:
    """Return the figure as HTML."""
    height = TOP + ROW * len(DEADLINES) + 4
    lines = [
        '<figure class="diagram" markdown="0">',
        f'<svg viewBox="0 0 {LEFT + WIDTH + 4} {height}" role="img" aria-labelledby="shares-title">',
        '<title id="shares-title">The parts of a deadline, for deadlines from 0.2 to 30 seconds</title>',
        *_legend(),
        *(line for number, seconds in enumerate(DEADLINES) for line in _bar(seconds, TOP + ROW * number)),
        "</svg>",
        "<figcaption>Each bar is a whole deadline; all are drawn at the same length.</figcaption>",
        "</figure>",
    ]
    return "\n".join(lines)


def _legend() -> Iterator[str]:
    named = (("s1", "retrieve, at most"), ("s2", "generate"), ("s3", "validate, at least"), ("s4", "reserve"))
    for (style, name), x in zip(named, (LEFT, LEFT + 132, LEFT + 218, LEFT + 352), strict=True):
        yield f'<rect class="{style}" x="{x}" y="8" width="11" height="11" rx="2"/>'
        yield f'<text class="quiet" x="{x + 16}" y="18">{name}</text>'


def _bar(seconds: float, y: int) -> Iterator[str]:
    yield f'<text class="strong" x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{_said(seconds)}</text>'
    parts = cut(seconds)
    x = float(LEFT)
    for style, part in zip(
        ("s1", "s2", "s3", "s4"), (parts.retrieve, parts.generate, parts.validate, parts.reserve), strict=True
    ):
        width = WIDTH * part / seconds
        yield f'<rect class="{style}" x="{x:.1f}" y="{y}" width="{max(width - 1, 0.8):.1f}" height="20"/>'
        x += width
    said = [parts.retrieve, parts.generate, parts.validate, parts.reserve]
    yield f'<text class="quiet" x="{LEFT}" y="{y + 34}">{" · ".join(map(_said, said))}</text>'


def _said(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1.0 else f"{seconds:.3g} s"
