"""What `groundwire policy show` shows."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TypedDict

from rich.text import Text

from groundwire_server.app.configuration.fallback_rules import route_policy
from groundwire_server.app.configuration.fallbacks import FALLBACKS
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.cli.console import Terminal
from groundwire_server.domain.fallback import never_on
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.vocabulary import Confidence


class ListedRow(TypedDict):
    """What follows a cause: the actions in order, those passed over with the reason, and whether it is built in."""

    actions: list[str]
    passed_over: dict[str, str]
    built_in: bool


class ListedRoute(TypedDict):
    """The table of a route, and what its rows depend on."""

    models: list[str]
    rules: dict[str, list[str]]
    queue: bool
    reviewers: bool
    held_back: list[str]
    holds_streams: bool
    rows: dict[str, ListedRow]


def described(configuration: Configuration, name: str) -> ListedRoute:
    """Return what there is to say of the table of a route."""
    policy = route_policy(configuration, name)
    rows: dict[str, ListedRow] = {}
    for cause, actions in policy.fallbacks.items():
        obstacles = {action.value: never_on(action, cause, policy) for action in actions}
        rows[cause.value] = {
            "actions": [action.value for action in actions],
            "passed_over": {action: obstacle.value for action, obstacle in obstacles.items() if obstacle is not None},
            "built_in": actions == FALLBACKS[cause],
        }
    return {
        "models": list(policy.models),
        "rules": {rule.name: list(rule.models) for rule in policy.routing},
        "queue": policy.queue,
        "reviewers": policy.reviewers,
        "held_back": [] if policy.review is None else list(_held_back(policy.review)),
        "holds_streams": policy.holds_streams,
        "rows": rows,
    }


def show_listing(console: Terminal, listing: Mapping[str, ListedRoute]) -> None:
    """Print tables; causes with the same row stand together."""
    for name, route in listing.items():
        console.print(f"route {name}", style="bold")
        console.hang(Text("  models: "), Text(", ".join(route["models"])))
        for rule, models in route["rules"].items():
            console.hang(Text(f"  rule {rule}: "), Text(", ".join(models)))
        has = [f"{'a' if route['queue'] else 'no'} queue", f"{'reviewers' if route['reviewers'] else 'no reviewers'}"]
        console.print(f"  {', '.join(has)}")
        if route["held_back"]:
            console.hang(Text("  wait for a reviewer: "), Text(", ".join(route["held_back"])))
        if route["holds_streams"]:
            console.hang(Text("  "), Text("the text of a stream waits for the end of the answer"))
        for row, causes in _together(route["rows"]):
            console.print()
            lead = "  " if row["built_in"] else "  configured: "
            console.hang(Text(lead), Text(", ".join(row["actions"]), style="bold"))
            console.hang(Text("    after "), Text(", ".join(causes)))
            for action, why in row["passed_over"].items():
                console.hang(Text(f"    passed over: {action}: "), Text(why))


def _held_back(review: ReviewPolicy) -> Iterator[str]:
    """Yield which answers wait for a reviewer although nothing else is wrong with them."""
    if not review.holds_back:
        return
    if review.always:
        yield "all answers"
    if review.share:
        yield f"{review.share:.4%}".rstrip("%0").rstrip(".") + " % of the answers"
    if review.min_confidence is not Confidence.LOW:
        yield f"answers of less confidence than {review.min_confidence}"
    if review.verified_only:
        yield "answers that are not verified"
    if review.guards:
        yield f"answers in which a guard found something ({', '.join(sorted(review.guards))})"


def _together(rows: Mapping[str, ListedRow]) -> list[tuple[ListedRow, list[str]]]:
    """Return each different row with its causes, in the order in which they come first."""
    order: list[ListedRow] = []
    for row in rows.values():
        if row not in order:
            order.append(row)
    ranked = sorted(rows.items(), key=lambda each: order.index(each[1]))
    return [
        (order[rank], [cause for cause, _ in each])
        for rank, each in groupby(ranked, key=lambda each: order.index(each[1]))
    ]
