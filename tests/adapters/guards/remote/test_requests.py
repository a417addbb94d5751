"""What guards behind HTTP are sent, what it costs, and what their spans say."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, Screen
from tests.doubles.checking_model import JSON, said
from tests.doubles.guarding import HTTP, SCORE, SECRET_KEY, SECRET_TEXT, asked, reply, wired
from tests.doubles.time import SocketTimeLoop
from tests.doubles.upstream import Echo, Reply

TEXTS = ("The desk is forbidden.", "Cats sleep.")
WHO = Requester("acme", "alice", "bob", "support")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"sockets": SocketTimeLoop}


def soon(seconds: float = 20.0) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


async def test_a_guard_is_sent_texts_and_where_they_come_from_and_nothing_of_the_caller(tmp_path: Path) -> None:
    async with wired(tmp_path, HTTP["http"][0], reply("http")) as (at, provider):
        await at.guard.screen(asked(*TEXTS, at=Screen.QUESTION, requester=WHO), soon())
        (sent,) = provider.requests
        assert sent.path == "/v1/screen"
        assert json.loads(sent.body) == {"contract": "groundwire.guard/1", "screen": "QUESTION", "texts": [*TEXTS]}
        assert sent.headers["authorization"] == f"Bearer {SECRET_KEY}"
        assert "traceparent" in sent.headers
        assert not any(name in str(sent.headers) for name in ("acme", "alice", "bob", "support"))


async def test_a_guard_is_sent_of_the_caller_what_the_configuration_lists(tmp_path: Path) -> None:
    section = f"{HTTP['http'][0]}, path: /scan, caller: [tenant, end_user]"
    async with wired(tmp_path, section, reply("http")) as (at, provider):
        await at.guard.screen(asked(*TEXTS, requester=WHO), soon())
        (sent,) = provider.requests
        assert sent.path == "/v1/scan"
        assert json.loads(sent.body)["caller"] == {"tenant": "acme", "end_user": "bob"}


async def test_blank_texts_are_not_sent(tmp_path: Path) -> None:
    async with wired(tmp_path, HTTP["http"][0], reply("http")) as (at, provider):
        found = (await at.guard.screen(asked("", TEXTS[0], " \n"), soon())).findings
        assert [len(each) for each in found] == [0, 1, 0]
        assert json.loads(provider.requests[0].body)["texts"] == [TEXTS[0]]


async def test_texts_are_sent_as_they_are_but_for_what_utf8_cannot_hold(tmp_path: Path) -> None:
    hidden = "a\u200b\u202e\U000e0041 </s>[SEP] \ud800."
    for name in ("http", "tei"):
        async with wired(tmp_path, HTTP[name][0], reply(name)) as (at, provider):
            await at.guard.screen(asked(hidden), soon())
            body = json.loads(provider.requests[0].body)
            assert (body["texts"] if name == "http" else body["inputs"][0]) == [hidden.replace("\ud800", "?")]


@pytest.mark.parametrize(
    ("batch", "sizes"),
    [("texts: 3", [3, 3, 1]), ("texts: 64, bytes: 1024", [2, 2, 2, 1]), ("texts: 1", [1] * 7)],
)
async def test_requests_have_so_many_texts_and_bytes_at_most(tmp_path: Path, batch: str, sizes: list[int]) -> None:
    async with wired(tmp_path, f"{HTTP['http'][0]}, batch: {{{batch}}}", reply("http")) as (at, provider):
        found = (await at.guard.screen(asked(*["ñ" * 250 + " forbidden"] * 7), soon())).findings
        assert [len(each) for each in found] == [1] * 7
        assert sorted((len(json.loads(each.body)["texts"]) for each in provider.requests), reverse=True) == sizes
        assert len(at.spans.each("guard it")) == 1


async def test_a_text_that_is_larger_than_a_request_has_one_of_its_own(tmp_path: Path) -> None:
    async with wired(tmp_path, f"{HTTP['http'][0]}, batch: {{bytes: 1024}}", reply("http")) as (at, provider):
        await at.guard.screen(asked("short", "a" * 5000, "short"), soon())
        assert [len(json.loads(each.body)["texts"]) for each in provider.requests] == [1, 1, 1]


async def test_a_long_text_is_cut_into_windows_for_a_classifier_and_a_finding_is_its_window(tmp_path: Path) -> None:
    section = f"{HTTP['tei'][0]}, window_bytes: 64, overlap_bytes: 16, batch: 2"
    text = "word " * 20 + "forbidden" + " word" * 20
    async with wired(tmp_path, section, reply("tei")) as (at, provider):
        (found,) = (await at.guard.screen(asked(text), soon())).findings
        assert found
        assert all(each.end - each.start <= 64 and "forbidden" in text[each.start : each.end] for each in found)
        assert {(each.category, each.rule, each.score) for each in found} == {("terms", "LABEL_1", SCORE)}
        assert all(len(json.loads(each.body)["inputs"]) <= 2 for each in provider.requests)


async def test_what_the_model_refuses_as_too_long_is_cut_in_halves(tmp_path: Path) -> None:
    refused = Reply([b'{"error": "`inputs` must have less than 512 tokens"}'], "413 Payload Too Large", JSON)
    text = "!" * 700 + "forbidden" + "?" * 300
    async with wired(tmp_path, HTTP["tei"][0], refused, refused, reply("tei")) as (at, provider):
        (found,) = (await at.guard.screen(asked(text), soon())).findings
        assert found
        assert all(each.end - each.start <= 256 and "forbidden" in text[each.start : each.end] for each in found)
        sizes = [max(len(each) for (each,) in json.loads(sent.body)["inputs"]) for sent in provider.requests]
        assert sizes == [1009, 512, 256]
        assert len(at.spans.each("guard test-guard")) == 1


async def test_a_model_that_refuses_every_length_is_a_failure(tmp_path: Path) -> None:
    refused = Reply([b'{"error": "`inputs` must have less than 1 tokens"}'], "413 Payload Too Large", JSON)
    async with wired(tmp_path, HTTP["tei"][0], refused) as (at, provider):
        assert (await at.fail(asked("!" * 1000), soon())).cause is Cause.PROMPT_TOO_LONG
        assert len(provider.requests) < 20


async def test_labels_have_thresholds_and_categories_of_their_own(tmp_path: Path) -> None:
    section = HTTP["tei"][0].replace(
        "{LABEL_1: {category: terms}}",
        "{toxic: {category: toxicity, min_score: 0.5}, threat: {category: threat, min_score: 0.2}, "
        "insult: {category: toxicity, min_score: 0.9}}",
    )
    labels = {"toxic": 0.5, "threat": 0.19, "insult": 0.95, "obscene": 1.0}
    answer = said([[{"label": label, "score": score} for label, score in labels.items()]])
    async with wired(tmp_path, section, answer) as (at, _):
        (found,) = (await at.guard.screen(asked("A."), soon())).findings
        assert [(each.category, each.rule, each.score) for each in found] == [
            ("toxicity", "toxic", 0.5),
            ("toxicity", "insult", 0.95),
        ]


async def test_spans_say_what_was_found_and_nothing_of_the_texts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with wired(tmp_path, HTTP["http"][0], reply("http")) as (at, _):
        await at.guard.screen(asked(f"{SECRET_TEXT} forbidden forbidden", "Cats."), soon())
        (span,) = at.spans.each("guard it")
        wanted = {key: span[key] for key in span if key.startswith(("groundwire.guard", "gen_ai.op"))}
        assert wanted == {
            "gen_ai.operation.name": "guard",
            "groundwire.guard": "it",
            "groundwire.guard.version": "2",
            "groundwire.guard.texts": 2,
            "groundwire.guard.findings": 2,
            "groundwire.guard.categories": ("terms",),
            "groundwire.guard.screen": "EVIDENCE",
        }
        assert span["groundwire.residency"] == "self_hosted"
        told = at.spans.everything() + caplog.text
        assert not any(secret in told for secret in (SECRET_TEXT, SECRET_KEY, "acme"))


async def test_a_guard_that_is_no_model_consumes_nothing(tmp_path: Path) -> None:
    async with wired(tmp_path, HTTP["http"][0], reply("http")) as (at, _):
        assert (await at.guard.screen(asked(*TEXTS), soon())).usage == Usage()


async def test_what_a_model_behind_it_counts_is_what_it_consumes(tmp_path: Path) -> None:
    answer = said({"results": [{}, {}], "usage": {"input_tokens": 40, "output_tokens": 2}})
    price = ", price: {input: 2.0, output: 4.0}"
    async with wired(tmp_path, HTTP["http"][0] + price, answer) as (at, _):
        usage = (await at.guard.screen(asked(*TEXTS), soon())).usage
        assert (usage.input_tokens, usage.output_tokens, usage.cost_micros) == (40, 2, 88)


async def test_a_classifier_without_a_count_is_charged_an_estimate(tmp_path: Path) -> None:
    async with wired(tmp_path, HTTP["tei"][0] + ", price: {input: 2.0, output: 4.0}", reply("tei")) as (at, _):
        usage = (await at.guard.screen(asked(*TEXTS), soon())).usage
        assert usage.estimated
        assert usage.cost_micros > 0


async def test_a_call_beyond_what_there_is_to_spend_is_not_made(tmp_path: Path) -> None:
    section = HTTP["tei"][0] + ", price: {input: 1000.0, output: 0}"
    async with wired(tmp_path, section, reply("tei"), limits="cost_per_day: 0.001") as (at, provider):
        assert (await at.fail(asked(*TEXTS), soon())).cause is Cause.BUDGET_EXHAUSTED
        assert provider.requests == []
    async with wired(tmp_path, section, reply("tei")) as (at, provider):
        request = replace(asked(*TEXTS), allowance=Allowance(cost_micros=1))
        assert (await at.fail(request, soon())).cause is Cause.BUDGET_EXHAUSTED
        assert provider.requests == []


async def test_a_window_of_nothing_but_spaces_is_not_sent(tmp_path: Path) -> None:
    section = f"{HTTP['tei'][0]}, window_bytes: 64, overlap_bytes: 0"
    scored = Reply([Echo(HTTP["tei"][1])], headers=JSON)
    async with wired(tmp_path, section, scored) as (at, provider):
        (found,) = (await at.guard.screen(asked("a" * 64 + " " * 640 + "forbidden"), soon())).findings
        assert len(found) == 1
        assert len(json.loads(provider.requests[0].body)["inputs"]) == 2
