"""Groups of commands that measure and explain answers."""

from groundwire_server.cli.calibrate.checker import calibrate_checker
from groundwire_server.cli.calibrate.route import calibrate_route
from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.evaluate import command as evaluate
from groundwire_server.cli.trace import command as trace


def evaluate_group() -> Group:
    """Return the group `eval`."""
    return Group(
        "eval",
        "Measure answers on labelled questions, and compare runs; `groundwire eval FILE` is short for `run`.",
        {
            evaluate.run: (
                "run",
                (
                    "groundwire eval questions.jsonl --html evaluation.html",
                    "groundwire eval run squad.json statements.json --config groundwire.yaml",
                    "groundwire eval questions.jsonl --record run.jsonl --parallel 8",
                    "groundwire eval run.jsonl --json - | jq .measures.answers",
                    "groundwire eval calls/ --again --json after.json",
                    "groundwire eval questions.jsonl --fail-under answers/contains=0.9",
                ),
            ),
            evaluate.compare: (
                "compare",
                (
                    "groundwire eval compare before.json after.json",
                    "groundwire eval compare before.json after.json --fail-if-worse",
                ),
            ),
        },
        default="run",
    )


def trace_group() -> Group:
    """Return the group `trace`."""
    return Group(
        "trace",
        "Draw and list traces of answers, from Jaeger; `groundwire trace ID` is short for `show`.",
        {
            trace.show: (
                "show",
                (
                    "groundwire trace 214605b13ae718bfbff1ac24378538ea",
                    "groundwire trace show order-7-question-2",
                    "groundwire trace 214605b13ae718bfbff1ac24378538ea --json | jq .spans",
                ),
            ),
            trace.find: (
                "find",
                (
                    "groundwire trace find --cause MODEL_TIMEOUT --last 15m",
                    "groundwire trace find --slower-than 2s --route faq --limit 5",
                    "groundwire trace find --outcome failed_safe --json | jq -r .trace_id",
                ),
            ),
        },
        default="show",
    )


def calibrate_group() -> Group:
    """Return the group `calibrate`."""
    return Group(
        "calibrate",
        "Fit thresholds on labelled data; `groundwire calibrate FILE` is short for `route`.",
        {
            calibrate_route: (
                "route",
                (
                    "groundwire calibrate questions.jsonl",
                    "groundwire calibrate questions.jsonl --tenant acme --principal staff",
                    "groundwire calibrate route questions.jsonl --route faq --output faq.json",
                    "groundwire calibrate route questions.jsonl --reranker --output reranker.json",
                ),
            ),
            calibrate_checker: (
                "checker",
                (
                    "groundwire calibrate checker statements.json",
                    "groundwire calibrate checker statements.json --max-accepted 0.02",
                    "groundwire calibrate checker statements.json --output judge.json --seed 11",
                ),
            ),
        },
        default="route",
    )
