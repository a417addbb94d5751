"""The page that connects a ticketing system: a review is told of, decided from there, and told of again."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from standardwebhooks import Webhook

from tests.docs.reviewing import TICKETING, Reviewing, reviewing, shell
from tests.docs.shown import blocks
from tests.doubles.webhook_receiver import receiving

IN, OUT = (f"whsec_{base64.b64encode(bytes([number] * 32)).decode()}" for number in (1, 2))
PATIENCE = 60.0
HANDBOOK = "Parcels wait in the mail room for five working days. Only the front desk may sign for parcels."


def sections(folder: Path, url: str, ca: Path) -> dict[str, object]:
    """Return the page's section, for a receiver on this machine."""
    (configured,) = [block.text for block in blocks(TICKETING) if block.language == "yaml"]
    section = yaml.safe_load(configured.replace("/etc/groundwire", str(folder)))["reviews"]
    section["webhooks"]["tickets"] |= {"url": url, "private": True}
    return {"reviews": section | {"ca_file": str(ca)}}


async def decide(served: Reviewing, **said: object) -> dict[str, object]:
    """Send a decision as the page does."""
    (folder, body) = served.folder, json.dumps(said)
    (script,) = [block.text for block in blocks(TICKETING) if block.title == "decide.sh"]
    (folder / "decide.sh").write_text(script, encoding="utf-8")
    (folder / "body").write_text(body, encoding="utf-8")
    answered: dict[str, object] = json.loads(await served.sh('sh decide.sh "$(cat body)"', TICKETS_IN=IN))
    return answered


@pytest.mark.process
@pytest.mark.pages
@pytest.mark.slow
async def test_a_review_goes_to_the_ticketing_system_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("groundwire_server.work.outbox.SECONDS", 0.05)
    (tmp_path / "tickets-in").write_text(IN)
    (tmp_path / "tickets-out").write_text(OUT)
    (tmp_path / "handbook.md").write_text(HANDBOOK)

    async def taken(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    async with (
        receiving(tmp_path, taken, "localhost") as receiver,
        reviewing(tmp_path, sections(tmp_path, receiver.url, receiver.ca)) as served,
    ):
        await served.sh(
            "groundwire ingest handbook.md --principal staff --api-key-file import.key && groundwire submit "
            "'Who may sign for parcels?' --route compliance --api-key-file intranet.key > operation"
        )
        (opened,) = await told(receiver.requests, 1)
        assert (opened["type"], opened["data"]["state"]) == ("review.opened", "PENDING")
        assert b"front desk" not in receiver.requests[0]
        # In the name of the receiver, by the package of the project.
        headers = {name.lower(): value for name, value in receiver.headers[0].items()}
        assert Webhook(OUT).verify(receiver.requests[0], headers) == opened

        ticket = opened["data"]["ticket"]
        wrong = await decide(
            served, ticket=ticket, decision="edit", reviewer="alice", text="Anybody may sign on Sundays."
        )
        assert (wrong["reason"], wrong["sentences"]) == (
            "REVIEW_TEXT_UNSUPPORTED",
            [{"index": 0, "text": "Anybody may sign on Sundays.", "verdict": "UNSUPPORTED"}],
        )
        first = await decide(served, ticket=ticket, decision="approve", reviewer="alice", note="by the book")
        assert (first["state"], first["reviewer"]) == ("APPROVED", "tickets:alice")
        assert await decide(served, ticket=ticket, decision="approve", reviewer="alice", note="by the book") == first
        late = await decide(served, ticket=ticket, decision="reject", reviewer="bob")
        assert late["reason"] == "REVIEW_DECIDED"
        missing = await decide(served, ticket="unknown", decision="reject", reviewer="bob")
        assert missing["reason"] == "REVIEW_NOT_FOUND"

        decided = (await told(receiver.requests, 2))[1]
        assert (decided["type"], decided["data"]["reviewer"]) == ("review.decided", "tickets:alice")
        answer = await served.sh('groundwire operations wait "$(cat operation)" --api-key-file intranet.key')
        assert answer.startswith("Only the front desk may sign for parcels.")


async def told(requests: list[bytes], count: int) -> list[dict[str, Any]]:
    """Return what the receiver was told once it was told that much."""
    async with asyncio.timeout(PATIENCE):
        while len(requests) < count:  # noqa: ASYNC110  # the receiver tells nobody
            await asyncio.sleep(0.05)
    return [json.loads(each) for each in requests]


def test_the_secrets_are_made_as_the_configuration_reads_them() -> None:
    made = shell(TICKETING)[0].text
    (configured,) = [block.text for block in blocks(TICKETING) if block.language == "yaml"]
    files = [line.rpartition("> ")[2] for line in made.splitlines()]
    assert all(f"file://{file}" in configured for file in files)
