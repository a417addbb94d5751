"""What checkers send, what they make of a reply, and what their spans say."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import SufficiencyRequest
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.checking_model import JSON, PROTOCOLS, SECRET_PASSAGE, SECRET_SENTENCE, asked, judge, reply, wired
from tests.doubles.upstream import Echo, Reply


def soon(seconds: float = 20.0) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


async def test_one_request_holds_the_passages_and_all_sentences(tmp_path: Path) -> None:
    async with wired(tmp_path, PROTOCOLS["decisions"][0], reply("decisions")) as at:
        found = await at.checker.check(asked(*["Cats sleep."] * 9), soon())
        (sent,) = at.upstream.requests
        assert (sent.path, len(json.loads(sent.body)["questions"])) == ("/v1/decisions", 9)
        assert sent.body.count(SECRET_PASSAGE.encode()) == 1
        assert found.usage.input_tokens == len(sent.body) // 4
        assert not found.usage.estimated
        assert "traceparent" in sent.headers


@pytest.mark.parametrize(("api", "requests"), [("decisions", 2), ("systemone", 7), ("judge", 26)])
async def test_more_sentences_than_one_request_takes_are_split(tmp_path: Path, api: str, requests: int) -> None:
    async with wired(tmp_path, PROTOCOLS[api][0], reply(api)) as at:
        assert (await at.checker.check(asked(*["Cats sleep."] * 401), soon())).probabilities == (1.0,) * 401
        assert len(at.upstream.requests) == requests


async def test_a_judge_is_held_to_its_form(tmp_path: Path) -> None:
    async with wired(tmp_path, PROTOCOLS["judge"][0], reply("judge")) as at:
        await at.checker.check(asked("Cats sleep."), soon())
        body = json.loads(at.upstream.requests[0].body)
        form = body["response_format"]["json_schema"]
        assert (form["name"], form["schema"]["required"]) == ("judgement", ["s1"])
        assert "logprobs" not in body


@pytest.mark.parametrize(("yes", "no", "expected"), [(-0.1, -3.0, 0.948), (-4.0, -0.02, 0.018), (-3.0, -3.0, None)])
async def test_log_probabilities_weigh_a_judges_word(
    tmp_path: Path, yes: float, no: float, expected: float | None
) -> None:
    def token(text: str, *likeliest: tuple[str, float]) -> dict[str, Any]:
        return {"token": text, "top_logprobs": [{"token": each, "logprob": number} for each, number in likeliest]}

    def weighed(body: bytes) -> bytes:
        asked_for = json.loads(body)
        assert (asked_for["logprobs"], asked_for["top_logprobs"]) == (True, 10)
        answer = json.loads(judge(body))
        tokens = [token('{"s'), token('1": "'), token('yes"', ('yes"', yes), ("No", no))]
        answer["choices"][0]["logprobs"] = {"content": [*tokens, token("}")]}
        return json.dumps(answer).encode()

    section = f"{PROTOCOLS['judge'][0]}, log_probabilities: true"
    async with wired(tmp_path, section, Reply([Echo(weighed)], headers=JSON)) as at:
        (found,) = (await at.checker.check(asked("Cats sleep."), soon())).probabilities
        assert found == (None if expected is None else pytest.approx(expected, abs=0.001))


async def test_log_probabilities_that_do_not_come_are_a_fault(tmp_path: Path) -> None:
    section = f"{PROTOCOLS['judge'][0]}, log_probabilities: true"
    async with wired(tmp_path, section, reply("judge")) as at:
        assert (await at.fail(asked("Cats sleep."), soon())).error_type == "NO_LOG_PROBABILITIES"


@pytest.mark.parametrize("api", ["decisions", "judge"])
async def test_a_price_makes_a_cost(tmp_path: Path, api: str) -> None:
    price = "price: {input: 1000000, output: 0}"
    section = PROTOCOLS[api][0] + (f", {price}" if api == "decisions" else "")
    model = f", {price}" if api == "judge" else ""
    async with wired(tmp_path, section, reply(api), model=model) as at:
        found = await at.checker.check(asked("Cats sleep."), soon())
        assert found.usage.cost_micros == found.usage.input_tokens * 1_000_000
        assert found.usage.currency == "USD"


@pytest.mark.parametrize("api", ["decisions", "judge"])
async def test_a_call_that_a_tenant_cannot_pay_is_not_made(tmp_path: Path, api: str) -> None:
    price = "price: {input: 1000000, output: 0}"
    section = PROTOCOLS[api][0] + (f", {price}" if api == "decisions" else "")
    model = f", {price}" if api == "judge" else ""
    async with wired(tmp_path, section, reply(api), model=model, limits="cost_per_day: 1") as at:
        failure = await at.fail(asked("Cats sleep."), soon())
        assert failure.cause is Cause.BUDGET_EXHAUSTED
        assert at.upstream.requests == []


async def test_spans_have_an_event_for_each_sentence(tmp_path: Path) -> None:
    async with wired(tmp_path, PROTOCOLS["decisions"][0], reply("decisions")) as at:
        await at.checker.check(asked("Cats sleep.", "Dogs bark.", "Cats bark."), soon())
        await at.checker.rate_sufficiency(SufficiencyRequest(Requester("acme"), "When?", ("At six.",)), soon())
        events = at.spans.events("evaluate test-checker")
        assert [(each["gen_ai.evaluation.name"], each["gen_ai.evaluation.score.value"]) for each in events] == [
            ("entailment", 1.0),
            ("entailment", 0.0),
            ("entailment", 0.5),
            ("sufficiency", 1.0),
        ]
        labels = [each.get("gen_ai.evaluation.score.label") for each in events]
        assert labels == ["entailed", "unsupported", "undecided", None]
        span = at.spans.each("evaluate test-checker")[0]
        assert span["groundwire.checker"] == "it"
        assert span["groundwire.checker.fingerprint"] == at.checker.fingerprint
        assert (span["gen_ai.operation.name"], span["gen_ai.provider.name"]) == ("evaluate", "house")


@pytest.mark.parametrize("api", PROTOCOLS)
async def test_no_text_is_in_what_is_recorded(tmp_path: Path, caplog: pytest.LogCaptureFixture, api: str) -> None:
    caplog.set_level(logging.DEBUG)
    async with wired(tmp_path, PROTOCOLS[api][0], reply(api)) as at:
        await at.checker.check(asked(SECRET_SENTENCE), soon())
        await at.checker.rate_sufficiency(
            SufficiencyRequest(Requester("acme"), SECRET_SENTENCE, (SECRET_PASSAGE,)), soon()
        )
        assert any(SECRET_SENTENCE in request.body.decode() for request in at.upstream.requests)
        told = at.spans.everything() + caplog.text
        assert SECRET_PASSAGE not in told
        assert SECRET_SENTENCE not in told
