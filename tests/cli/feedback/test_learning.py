"""From what people say of answers to a threshold: asked, judged, exported and fitted, through a real server."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import groundwire
from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.serve import running
from groundwire_server.cli.main import run
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document

THINGS = [f"{first}{second}" for first in ("lamp", "door", "desk", "roof", "gate") for second in "abcdefgh"]


@pytest.fixture(autouse=True)
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store of 40 documents."""
    monkeypatch.chdir(tmp_path)
    store = EmbeddedStore.open(Path("groundwire-data") / "store.sqlite3", SystemClock(), None)
    caller = Caller("local", "importer", frozenset())
    for thing in THINGS:
        document = Document(thing, f"The {thing} is painted green.", allowed_principals=frozenset({EVERYBODY}))
        await Ingest(store.corpus, None).store(caller, document, NEVER)
    store.close()
    return tmp_path


def sources(thresholds: str = "{}") -> Sources:
    Path("groundwire.yaml").write_text(
        "server: {listen: 127.0.0.1:0}\nstores: {main: {folder: groundwire-data}}\n"
        "routes: {default: {models: [extractive], store: main, feedback: {keep_share: 1}, "
        f"thresholds: {thresholds}}}}}\n"
    )
    return Sources(Path("groundwire.yaml"), {})


async def threshold(thresholds: str) -> float:
    """That of a server which starts with the configuration."""
    given = sources(thresholds)
    async with running(given, load(given)) as server:
        routes: Any = server.reloader.current.snapshot.routes
        return float(routes._routes["default"].policy.min_relevance)


def fitted_threshold() -> float:
    return float(json.loads(Path("calibration.json").read_text())["min_relevance"])


def lines(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


async def test_a_threshold_learns_from_what_callers_say() -> None:
    given = sources()
    async with (
        running(given, load(given)) as server,
        groundwire.Client(server.address, tenant="local", subject="app") as client,
    ):
        asked = [f"Is the {thing} painted green?" for thing in THINGS]
        asked += [f"Which zebra chases the {thing} tonight?" for thing in THINGS]
        outcomes = [await client.answer(question) for question in asked]
        assert server.process.reviews is not None
        await server.process.reviews.feedback.samples.settle()
        answered = [bool(outcome.text) for outcome in outcomes]
        assert answered == [True] * len(THINGS) + [False] * len(THINGS)
        kept = [await client.submit_feedback(outcome, rating="UP") for outcome in outcomes]
        assert all(kept)
        export = ("feedback", "export", "questions.jsonl", "--format", "questions", "--server", server.address)
        assert await asyncio.to_thread(run, export) == 0
    questions = lines("questions.jsonl")
    assert sorted(each["question"] for each in questions) == sorted(asked)
    assert {each["question"] for each in questions if each["answerable"]} == set(asked[: len(THINGS)])

    assert await asyncio.to_thread(run, ("calibrate", "questions.jsonl")) == 0
    fitted = fitted_threshold()
    before, after = await threshold("{}"), await threshold("{calibration: calibration.json}")
    assert after == pytest.approx(fitted)
    assert after != before
