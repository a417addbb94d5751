"""The three products of the page on fallbacks, each served by the configuration that the page shows."""

import json
from typing import Any

import pytest
import yaml

from groundwire.v1 import cause_pb2, outcome_pb2
from tests.docs.shown import DOCS, blocks
from tests.doubles.upstream import Reply, Upstream, upstream
from tests.e2e.calls import answer, question
from tests.e2e.generation.conftest import Serve, provider
from tests.e2e.generation.drafts import DONE, SENTENCE, answers, segments, usage, writes
from tests.e2e.generation.test_faults import error

SHORT = "What do lambda expressions create?"
LONG = "What do lambda expressions create, and what else is there to know about them that a beginner should have heard?"
INVENTED = answers("Lambda calculus was invented by Church.")
REWORDED = answers("Lambda expressions create functions.")
SILENT = Reply(writes(*segments(confidence="low")))


def product(name: str, double: Upstream) -> dict[str, Any]:
    """The sections of a product, with its providers at a double, and nobody where its checker is asked."""
    (shown,) = [block for block in blocks(DOCS / "how-to" / "fallbacks.md") if block.title == f"{name}.yaml"]
    made: dict[str, Any] = yaml.safe_load(shown.text)
    for section in made["providers"].values():
        section["base_url"] = f"http://127.0.0.1:{double.port}/v1"
    made["providers"]["nowhere"] = provider("http://127.0.0.1:9/v1", residency="self_hosted")
    for checker in made.get("checkers", {}).values():
        checker["provider"] = "nowhere"
    for model in made["models"].values():
        model["retry"] = {"max_attempts": 1}
    # The documents of these tests are not what thresholds are for.
    made["routes"]["default"]["thresholds"] = {"min_relevance": 0.05}
    return made


async def outcome_of(configured: Serve, name: str, text: str, *replies: Reply) -> tuple[outcome_pb2.Outcome, list[str]]:
    """The outcome of a question to a product whose models reply so, and which of them were asked."""
    async with upstream(*replies) as double, configured(product(name, double)) as served:
        outcome = await answer(served, question(text))
    return outcome, [json.loads(request.body)["model"] for request in double.requests]


@pytest.mark.parametrize(
    ("name", "text", "replies", "asked", "ends"),
    [
        ("support-bot", SHORT, [answers()], ["small"], ("answered", "ANSWER_VALIDATED", "ANSWER", "SHOW")),
        ("support-bot", LONG, [answers()], ["large"], ("answered", "ANSWER_VALIDATED", "ANSWER", "SHOW")),
        (
            "support-bot",
            SHORT,
            [INVENTED, answers()],
            ["small", "small"],
            ("answered", "UNSUPPORTED", "REPAIR", "SHOW"),
        ),
        (
            "support-bot",
            SHORT,
            [INVENTED],
            ["small", "small", "large"],
            ("abstained", "UNSUPPORTED", "ABSTAIN", "REPHRASE"),
        ),
        (
            "support-bot",
            SHORT,
            [error("500 Internal Server Error")],
            ["small", "large"],
            ("failed_safe", "MODEL_UNAVAILABLE", "FAIL_SAFE", "RETRY_AFTER"),
        ),
        (
            "internal-search",
            SHORT,
            [error("500 Internal Server Error")],
            ["house"],
            ("degraded", "MODEL_UNAVAILABLE", "PASSAGES_ONLY", "SHOW_WITH_CAUTION"),
        ),
        (
            "internal-search",
            SHORT,
            [SILENT],
            ["house"],
            ("degraded", "MODEL_ABSTAINED", "PASSAGES_ONLY", "SHOW_WITH_CAUTION"),
        ),
        (
            "internal-search",
            SHORT,
            [INVENTED],
            ["house"],
            ("degraded", "UNSUPPORTED", "PASSAGES_ONLY", "SHOW_WITH_CAUTION"),
        ),
        ("compliance", SHORT, [answers()], ["approved"], ("answered", "ANSWER_VALIDATED", "ANSWER", "SHOW")),
        (
            "compliance",
            SHORT,
            [REWORDED],
            ["approved", "approved"],
            ("abstained", "NOT_VERIFIED", "ABSTAIN", "REPHRASE"),
        ),
        (
            "compliance",
            SHORT,
            [error("500 Internal Server Error")],
            ["approved"],
            ("failed_safe", "MODEL_UNAVAILABLE", "FAIL_SAFE", "RETRY_AFTER"),
        ),
    ],
)
async def test_a_product_does_what_its_page_says(
    configured: Serve, name: str, text: str, replies: list[Reply], asked: list[str], ends: tuple[str, str, str, str]
) -> None:
    outcome, models = await outcome_of(configured, name, text, *replies)
    assert models == asked
    result, cause, action, next_step = ends
    assert outcome.WhichOneof("result") == result
    assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
    assert outcome_pb2.Action.Name(outcome.action) == f"ACTION_{action}"
    assert outcome_pb2.NextStep.Name(outcome.next_step) == f"NEXT_STEP_{next_step}"
    if result == "answered":
        assert outcome.answered.answer.text == SENTENCE


async def test_a_compliance_question_waits_for_its_model_where_the_caller_allows_it(configured: Serve) -> None:
    async with (
        upstream(error("500 Internal Server Error")) as double,
        configured(product("compliance", double), queue=True) as served,
    ):
        waits = await answer(served, question(SHORT, allow_queue=True))
        ends = await answer(served, question(SHORT))
    assert (waits.WhichOneof("result"), ends.WhichOneof("result")) == ("queued", "failed_safe")


async def test_the_support_bot_asks_the_cheap_model_once_the_day_is_nearly_paid_for(configured: Serve) -> None:
    dear = Reply(writes(*segments(SENTENCE), rest=(usage(read=41_000, written=800), DONE)))
    async with upstream(dear) as double:
        made = product("support-bot", double)
        made["limits"]["visitors"]["cost_per_day"] = 0.145
        async with configured(made) as served:
            outcomes = [await answer(served, question(LONG)) for _ in range(2)]
    assert [outcome.report.model for outcome in outcomes] == ["large", "small"]
    assert {outcome.WhichOneof("result") for outcome in outcomes} == {"answered"}
