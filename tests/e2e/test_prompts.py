"""PromptService from outside: what is pushed, promoted and rolled back, by whom, and what is written down of it."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import pytest

from groundwire import Client, Error
from groundwire.v1.prompt_service_pb2 import PROMPT_ORIGIN_BUILT_IN, PROMPT_ORIGIN_RECORDS
from groundwire.v1.server_info_pb2 import FEATURE_PROMPTS
from groundwire_server.adapters.prompts.catalogue import compiler
from groundwire_server.adapters.prompts.lint import fixed_text
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.registry.prompts import PINNED
from groundwire_server.adapters.records.registry.sql import SqlRegistryRecords
from groundwire_server.adapters.tokens.options import TiktokenOptions
from groundwire_server.adapters.tokens.tiktoken import tiktoken_counter
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.experiments.definition import read_experiment
from groundwire_server.app.parts.records import open_records
from groundwire_server.app.serve import running
from groundwire_server.domain.prompts.registry import PromptLabel, PromptOrigin, PromptVersion
from groundwire_server.ports.operations import RecordsError
from tests.adapters.tokens.vocabularies import published_cl100k
from tests.e2e.prompts import TENANT, configured, template


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """A server whose prompts are managed by a tenant."""
    file = tmp_path / "groundwire.yaml"
    file.write_text(json.dumps(configured(tmp_path)))
    sources = Sources(file, {})
    async with running(sources, load(sources)) as server:
        yield server.address


@pytest.fixture
async def client(address: str) -> AsyncIterator[Client]:
    """An operator of that tenant."""
    async with Client(address, tenant=TENANT, subject="ana") as client:
        yield client


async def reason_of(call: "asyncio.Future[object]") -> tuple[str, str]:
    """Return why a call was refused, as a word and as a sentence."""
    with pytest.raises(Error) as failed:
        await call
    return failed.value.reason, failed.value.message


async def production(client: Client) -> str:
    """Return what the label `production` points at."""
    (prompt,) = (await client.prompts("answer")).prompts
    return next((each.version for each in prompt.labels if each.label == "production"), "")


async def test_what_is_built_in_is_listed_before_anything_is_pushed(client: Client) -> None:
    listed = await client.prompts()
    (prompt,) = listed.prompts
    assert (prompt.name, listed.revision, list(prompt.labels)) == ("answer", 0, [])
    assert [(each.route, each.version) for each in prompt.routes] == [("default", prompt.versions[0].version)]
    assert {each.origin for each in prompt.versions} == {PROMPT_ORIGIN_BUILT_IN}
    assert not any(each.text for each in prompt.versions)
    whole = await client.prompt_version("answer")
    assert (whole.version, whole.digest) == (prompt.versions[0].version, prompt.versions[0].digest)
    assert whole.text


async def test_a_version_is_pushed_promoted_and_rolled_back(client: Client) -> None:
    before = (await client.prompt_version("answer")).version
    pushed = await client.push_prompt("answer", "9.0.0", template("nine"), reason="try nine")
    assert (pushed.version.author, pushed.version.origin, pushed.version.text) == ("ana", PROMPT_ORIGIN_RECORDS, "")
    # A push alone changes nothing, though the version is the newest.
    assert await production(client) == before
    assert (await client.prompt_version("answer")).version == before

    done = await client.set_prompt_label("answer", "production", "9.0.0", expected=before, reason="it is better")
    assert (done.label.version, done.label.previous_version, done.label.actor) == ("9.0.0", before, "ana")
    # This process uses it by now.
    assert (await client.prompts()).revision == done.revision
    assert (await client.prompt_version("answer")).text == template("nine")

    back = await client.roll_back_prompt("answer", expected="9.0.0", reason="it is not")
    assert (back.label.version, back.label.previous_version, back.revision) == (before, "", done.revision + 1)
    assert await production(client) == before


async def test_changes_are_listed_and_in_the_audit_trail(client: Client) -> None:
    before = (await client.prompt_version("answer")).version
    await client.push_prompt("answer", "9.0.0", template("nine"), reason="try nine")
    await client.set_prompt_label("answer", "production", "9.0.0", reason="it is better")
    await client.roll_back_prompt("answer", reason="it is not")
    changes = [each async for each in client.prompt_changes("answer", page_size=2)]
    assert [(each.revision, each.label, each.version, each.previous_version, each.rolled_back) for each in changes] == [
        (4, "production", before, "9.0.0", True),
        (3, "production", "9.0.0", before, False),
        (2, "production", before, "", False),
        (1, "", "9.0.0", "", False),
    ]
    assert {each.actor for each in changes} == {"ana"}
    entries = [each async for each in client.audit_entries(target="prompts/answer")]
    assert [(each.event, each.actor, each.details["reason"]) for each in entries] == [
        ("prompt.pushed", "ana", "try nine"),
        ("prompt.labelled", "ana", PINNED),
        ("prompt.labelled", "ana", "it is better"),
        ("prompt.rolled_back", "ana", "it is not"),
    ]
    assert (await client.verify_audit()).intact


async def test_a_push_is_once_and_for_all(client: Client) -> None:
    await client.push_prompt("answer", "9.0.0", template("nine"))
    again = await client.push_prompt("answer", "9.0.0", template("nine"))
    assert again.version.version == "9.0.0"
    for number in ("9.0.0", (await client.prompt_version("answer")).version):
        refused = await reason_of(asyncio.ensure_future(client.push_prompt("answer", number, template("other"))))
        assert refused[0] == "PROMPT_VERSION_EXISTS"
    assert (await client.prompts()).revision == 2


async def test_what_cannot_be_used_is_not_pushed(client: Client) -> None:
    broken = template("nine") + "{% for each in range(9) %}{% endfor %}"
    tried = await client.push_prompt("answer", "9.0.0", broken, validate_only=True)
    assert any(finding.error for finding in tried.findings)
    reason, message = await reason_of(asyncio.ensure_future(client.push_prompt("answer", "9.0.0", broken)))
    assert reason == "PROMPT_INVALID"
    assert message.startswith("text: line ")
    whole = await client.push_prompt("answer", "9.0.0", template("nine"), validate_only=True)
    assert not any(finding.error for finding in whole.findings)
    assert (await client.prompts()).revision == 0


async def test_a_push_is_counted_by_the_tokenizers_of_the_models(tmp_path: Path) -> None:
    tokens = {"kind": "tiktoken", "encoding": "cl100k_base", "file": str(published_cl100k())}
    model = {"kind": "openai", "provider": "local", "model": "gpt-4"}
    sections = {
        "providers": {"local": {"kind": "openai", "base_url": "http://127.0.0.1:9/v1"}},
        "models": {"large": {**model, "tokens": tokens}, "unused": model},
        "routes": {"default": {"models": ["large"], "store": "main"}},
    }
    file = tmp_path / "groundwire.yaml"
    file.write_text(json.dumps(configured(tmp_path, **sections)))
    text = template("nine").replace("owner: tests", "owner: tests\nlimits: {max_tokens: 220}")
    sources = Sources(file, {})
    async with running(sources, load(sources)) as server, Client(server.address, tenant=TENANT) as client:
        (finding,) = (await client.push_prompt("answer", "9.0.0", text, validate_only=True)).findings
    counter = tiktoken_counter(TiktokenOptions.model_validate(tokens))
    size = counter.count(fixed_text(compiler().compiled("answer", "9.0.0", text)))
    assert finding.message.startswith(
        f"leaves no room for passages: its own text has {size} tokens by large (tiktoken:cl100k_base), and "
    )


async def test_a_label_points_at_what_there_is_alone(client: Client) -> None:
    for call, word in (
        (client.set_prompt_label("answer", "production", "8.0.0"), "PROMPT_NOT_FOUND"),
        (client.set_prompt_label("nobody", "production", "1.2.0"), "PROMPT_NOT_FOUND"),
        (client.roll_back_prompt("answer", "candidate"), "PROMPT_NOT_FOUND"),
        (client.prompt_version("answer", "8.0.0"), "PROMPT_NOT_FOUND"),
        (client.prompt_version("answer", "candidate"), "PROMPT_NOT_FOUND"),
        (client.prompts("nobody"), "PROMPT_NOT_FOUND"),
        (client.set_prompt_label("answer", "production", "1.2.0", expected="8.0.0"), "PROMPT_LABEL_CHANGED"),
    ):
        assert (await reason_of(asyncio.ensure_future(call)))[0] == word
    assert (await client.prompts()).revision == 0


async def test_a_label_without_an_earlier_version_does_not_go_back(client: Client) -> None:
    await client.set_prompt_label("answer", "candidate", "1.2.0", expected="")
    assert (await reason_of(asyncio.ensure_future(client.roll_back_prompt("answer", "candidate"))))[0] == (
        "PROMPT_LABEL_CHANGED"
    )
    await client.push_prompt("answer", "9.0.0", template("nine"))
    await client.set_prompt_label("answer", "candidate", "9.0.0")
    assert (await reason_of(asyncio.ensure_future(client.roll_back_prompt("answer", "candidate", expected="1.2.0"))))[
        0
    ] == "PROMPT_LABEL_CHANGED"


async def test_other_tenants_neither_see_nor_change_prompts(address: str, client: Client) -> None:
    async with Client(address, tenant="acme", subject="mallory") as stranger:
        for call in (
            stranger.prompts(),
            stranger.prompt_version("answer"),
            stranger.push_prompt("answer", "9.0.0", template("nine")),
            stranger.set_prompt_label("answer", "production", "1.2.0"),
            stranger.roll_back_prompt("answer"),
            anext(aiter(stranger.prompt_changes())),
        ):
            assert (await reason_of(asyncio.ensure_future(call)))[0] == "FORBIDDEN"
        assert FEATURE_PROMPTS not in (await stranger.server_info()).features
        assert [each async for each in stranger.audit_entries()] == []
    assert FEATURE_PROMPTS in (await client.server_info()).features
    assert (await client.prompts()).revision == 0


async def test_a_caller_of_another_tenant_is_a_security_event(
    address: str, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "groundwire.security"):
        async with Client(address, tenant="acme", subject="mallory") as stranger:
            await reason_of(asyncio.ensure_future(stranger.push_prompt("answer", "9.0.0", template("nine"))))
    (event,) = [vars(line) for line in caplog.records if line.name == "groundwire.security"]
    assert (event["reason"], event["tenant"], event["method"]) == (
        *("tenant_not_managing", "acme"),
        "groundwire.v1.PromptService/PushPromptVersion",
    )


async def test_prompts_in_force_stay_while_the_database_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.push_prompt("answer", "9.0.0", template("nine"))
    await client.set_prompt_label("answer", "production", "9.0.0")

    async def fail(self: RecordsDatabase, work: object) -> NoReturn:
        raise RecordsError(RecordsFault.UNREACHABLE)

    with monkeypatch.context() as away:
        away.setattr(RecordsDatabase, "read", fail)
        away.setattr(RecordsDatabase, "write", fail)
        assert await production(client) == "9.0.0"
        assert (await client.prompt_version("answer")).version == "9.0.0"
        change = client.roll_back_prompt("answer", timeout=1)
        assert (await reason_of(asyncio.ensure_future(change)))[0] == "RECORDS_UNAVAILABLE"
    done = await client.roll_back_prompt("answer")
    assert await production(client) == done.label.version != "9.0.0"


async def test_a_change_of_another_process_is_built_on(tmp_path: Path, client: Client) -> None:
    """What another process has done a moment ago is in force before a change is checked."""
    await client.set_prompt_label("answer", "production", "1.2.0")
    options = RecordsOptions.model_validate({"url": f"sqlite:///{tmp_path}/records.sqlite3"})
    assert options.file is not None
    async with open_records(options) as opened:
        assert opened is not None
        other = SqlRegistryRecords(opened.database, opened.sealing, SystemClock(), TENANT, read_experiment)
        await other.push(PromptVersion("answer", "9.0.0", template("nine"), PromptOrigin.RECORDS, "ben"), "", "")
        done = await client.set_prompt_label("answer", "production", "9.0.0", expected="1.2.0")
        assert done.label.version == "9.0.0"
        await other.set_label(PromptLabel("answer", "production", "1.2.0", actor="ben"), "9.0.0")
        assert (await reason_of(asyncio.ensure_future(client.roll_back_prompt("answer", expected="9.0.0"))))[0] == (
            "PROMPT_LABEL_CHANGED"
        )
        assert (await client.prompt_version("answer")).version == "1.2.0"
