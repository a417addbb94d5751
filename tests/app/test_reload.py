"""Another configuration takes the place of the one in force: whole or not at all, and never under a call."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from groundwire import Client, Document, Error, outcome_of
from groundwire_server.app import keys
from groundwire_server.app import reload as module
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.compose import Process
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.parts import Parts, open_parts
from groundwire_server.app.parts.shared import Lease
from groundwire_server.app.reload import ConfigReloader
from groundwire_server.app.serve import running
from groundwire_server.domain.caller import Role
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import GenerationRequest, Piece
from groundwire_server.edge import decision_log
from groundwire_server.edge.servicers.documents import INGEST_SECONDS
from groundwire_server.ports.recording import Recording
from tests.doubles.counts import Counts
from tests.doubles.generator import ScriptedGenerator
from tests.doubles.spans import Spans
from tests.doubles.time import VirtualTimeLoop

QUESTION = "What do lambda expressions create?"
STAYS = "the new configuration is invalid; the old one stays in use"
TAKEN = "the new configuration is in use"


def text(
    folder: Path, *, model: str = "first", store: str = "", routes: str = "", telemetry: str = "{}", more: str = ""
) -> str:
    return f"""
server: {{listen: "127.0.0.1:0", drain: {{grace_seconds: 1}}}}
telemetry: {telemetry}
corpus: main
stores:
  main: {{kind: embedded, folder: "{folder}/data"}}
  {store}
models:
  {model}: {{kind: extractive}}
routes:
  default: {{models: [{model}], store: main, thresholds: {{min_relevance: 0.05}}}}
  {routes}
{more}
"""


class Held(ScriptedGenerator):
    """Quotes the first passage, once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.both = asyncio.Event()
        self.may = asyncio.Event()

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        self.asked += 1
        if self.asked == 2:
            self.both.set()
        await self.may.wait()
        async for piece in super().generate(request, deadline):
            yield piece


@dataclass
class Product:
    """A server, its file, and its model `first`, which answers when the test lets it."""

    client: Client
    address: str
    reloader: ConfigReloader
    file: Path
    held: Held

    def write(self, **changes: str) -> None:
        self.file.write_text(text(self.file.parent, **changes))

    def open(self) -> int:
        return parts(self.reloader)


def parts(reloader: ConfigReloader) -> int:
    """How many parts are open, beside those that are always: locks of folders, counts, guards and earlier answers."""
    opened = set(reloader._shared.keys()) - {"counts", "waiting lines"}
    always = {"folder", "guard", "answer cache"}
    return len([key for key in opened if not (isinstance(key, tuple) and key[0] in always)])


def other_store(folder: Path) -> str:
    return f'other: {{kind: embedded, folder: "{folder}/other"}}'


USES_OTHER = "faq: {models: [first], store: other}"


@pytest.fixture(autouse=True)
def logs_as_they_were(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    caplog.set_level(logging.INFO, module.__name__)
    yield
    root.setLevel(level)


@pytest.fixture
async def product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Product]:
    """A server with a document and two stores."""
    held = Held()

    async def scripted(configuration: Configuration, lease: Lease, recording: Recording) -> Parts:
        parts = await open_parts(configuration, lease, recording)
        return replace(
            parts, generators={name: held if name == "first" else ScriptedGenerator() for name in parts.generators}
        )

    monkeypatch.setattr(module, "open_parts", scripted)
    file = tmp_path / "groundwire.yaml"
    file.write_text(text(tmp_path, store=other_store(tmp_path), routes=USES_OTHER))
    sources = Sources(file, {})
    async with running(sources, load(sources)) as server, Client(server.address, tenant="acme") as client:
        document = Document(
            document_id="lambdas", text="Lambda expressions create anonymous functions.", allowed_principals=["*"]
        )
        assert [result.HasField("error") async for result in client.ingest([document])] == [False]
        yield Product(client, server.address, server.reloader, file, held)


async def test_calls_in_flight_keep_what_they_began_with_and_new_ones_see_the_new(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    before = asyncio.create_task(product.client.answer(QUESTION))
    stream = aiter(product.client.stream(QUESTION))
    assert (await anext(stream)).HasField("started")
    await product.held.both.wait()

    product.write(model="second")
    assert await product.reloader.reload()
    after = await product.client.answer(QUESTION)
    # The store that is no longer named is there for the calls that began with it.
    assert product.open() == 3

    product.held.may.set()
    ended = await before
    streamed = outcome_of([event async for event in stream][-1].outcome)
    assert [each.kind for each in (after, ended, streamed)] == ["answered"] * 3
    assert [each.report.model for each in (after, ended, streamed)] == ["second", "first", "first"]
    assert [each.getMessage() for each in caplog.records if each.name != decision_log.LOGGER] == [TAKEN]


async def test_what_both_configurations_name_is_opened_once(product: Product) -> None:
    before = product.reloader.current.snapshot
    product.write(model="second")
    assert await product.reloader.reload()
    assert product.reloader.current.snapshot.corpus is before.corpus
    # Earlier answers are there still.
    assert product.reloader.current.snapshot.answer_cache is before.answer_cache is not None
    assert "1 earlier configurations still in use" in repr(product.reloader)
    assert (await product.client.answer(QUESTION)).report.model == "second"


def _not_yaml(product: Product) -> str:
    product.file.write_text("server: [1\n")
    return "groundwire.yaml:2: this is not YAML"


def _unknown_key(product: Product) -> str:
    product.write(model="second", more="sever: {}")
    return "groundwire.yaml:13: sever: unknown key"


def _gone(product: Product) -> str:
    product.file.unlink()
    return "groundwire.yaml: cannot be read: No such file or directory"


def _fixed(product: Product) -> str:
    product.write(model="second", telemetry="{otlp: {endpoint: 'http://127.0.0.1:1'}}")
    return "groundwire.yaml:3: telemetry.otlp: cannot change while the server runs: restart it"


def _no_store(product: Product) -> str:
    bad = product.file.parent / "bad"
    bad.mkdir()
    (bad / "store.sqlite3").write_text("a text that somebody has put here, long enough to be a header" * 10)
    product.write(
        model="second",
        store=f'bad: {{kind: embedded, folder: "{bad}"}}',
        routes="faq: {models: [second], store: bad}",
    )
    return "SQLITE_NOTADB"


def _no_prompt(product: Product) -> str:
    product.write(model="second", routes="faq: {models: [second], store: main, prompt: {name: none}}")
    return "groundwire.yaml:12: routes.faq.prompt: there is no prompt 'none'"


def _no_key_file(product: Product) -> str:
    product.write(model="second", more="authentication: {api_keys: {file: /none/keys.json}}")
    return "groundwire.yaml:13: authentication.api_keys.file: there is no key file"


@pytest.mark.parametrize("spoil", [_not_yaml, _unknown_key, _gone, _fixed, _no_store, _no_prompt, _no_key_file])
async def test_a_configuration_that_cannot_be_used_changes_nothing_and_one_line_says_why(
    product: Product, caplog: pytest.LogCaptureFixture, spoil: object
) -> None:
    product.held.may.set()
    before, snapshot = product.reloader.configuration, product.reloader.current.snapshot
    assert callable(spoil)
    why = spoil(product)
    assert not await product.reloader.reload()
    (record,) = caplog.records
    assert record.getMessage() == STAYS
    assert why in record.__dict__["why"]
    assert (product.reloader.configuration, product.reloader.current.snapshot) == (before, snapshot)
    assert product.open() == 3
    assert (await product.client.answer(QUESTION)).report.model == "first"
    # The next one that can be used is.
    product.write(model="second")
    assert await product.reloader.reload()
    assert (await product.client.answer(QUESTION)).report.model == "second"


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('listen: "127.0.0.1:0"', 'listen: "127.0.0.1:1"', "server.listen"),
        ("server: {", "server: {max_concurrent_calls: 7, ", "server.max_concurrent_calls"),
        ("telemetry: {}", "telemetry: {otlp: {headers: {a: 'env://PATH'}}}", "telemetry.otlp"),
        ("telemetry: {}", "telemetry: {otlp: {metrics: {enabled: false}}}", "telemetry.otlp"),
    ],
)
async def test_what_is_set_once_is_refused_to_change(
    product: Product, caplog: pytest.LogCaptureFixture, old: str, new: str, path: str
) -> None:
    assert old in product.file.read_text()
    product.file.write_text(product.file.read_text().replace(old, new))
    assert not await product.reloader.reload()
    (record,) = caplog.records
    assert f"{path}: cannot change while the server runs: restart it" in record.__dict__["why"]


async def test_the_same_configuration_is_left_in_force(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    snapshot = product.reloader.current.snapshot
    product.file.write_text(product.file.read_text() + "# a remark\n")
    assert await product.reloader.reload()
    assert caplog.messages == ["the configuration has not changed"]
    assert product.reloader.current.snapshot is snapshot


async def test_the_level_of_logs_changes(product: Product) -> None:
    product.write(telemetry="{log_level: ERROR}")
    assert await product.reloader.reload()
    assert logging.getLogger().level == logging.ERROR


async def test_who_is_let_in_changes_and_new_keys_of_the_file_are_known_without_a_reload(product: Product) -> None:
    product.held.may.set()
    file = product.file.parent / "keys.json"

    def created(subject: str) -> str:
        return keys.create(file, "acme", subject, ["staff"], [Role.READER], None, SystemClock())[1]

    async def model(key: str) -> str:
        async with Client(product.address, api_key=key) as client:
            return (await client.answer(QUESTION)).report.model

    first = created("first")
    product.write(model="second", more=f'authentication: {{api_keys: {{file: "{file}"}}}}')
    assert await product.reloader.reload()
    with pytest.raises(Error, match="UNAUTHENTICATED"):
        await product.client.answer(QUESTION)
    assert await model(first) == "second"
    assert await model(created("second")) == "second"


async def test_a_secret_in_a_file_is_read_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    secret, file = tmp_path / "secret", tmp_path / "groundwire.yaml"
    secret.write_text("s3cr3t")
    file.write_text(text(tmp_path, telemetry=f"{{otlp: {{headers: {{authorization: 'file://{secret}'}}}}}}"))
    sources = Sources(file, {})
    reloader = await ConfigReloader.begin(sources, load(sources), Process.begin(Recording(Spans().tracer, Counts())))
    assert await reloader.reload()
    secret.write_text("another s3cr3t")
    # What it is for cannot change: had it not been read again, nothing would be told of.
    assert not await reloader.reload()
    await reloader.close()
    assert "telemetry.otlp: cannot change" in caplog.records[-1].__dict__["why"]
    assert "s3cr3t" not in str([record.__dict__ for record in caplog.records])


async def test_reloads_at_once_open_what_is_new_once(tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    sources = Sources(file, {})
    file.write_text(text(tmp_path))
    reloader = await ConfigReloader.begin(sources, load(sources), Process.begin(Recording(Spans().tracer, Counts())))
    file.write_text(text(tmp_path, store=other_store(tmp_path), routes=USES_OTHER))

    assert await asyncio.gather(*(reloader.reload() for _ in range(3))) == [True, True, True]

    assert "1 earlier configurations still in use" in repr(reloader)
    await reloader.close()
    assert reloader._shared.keys() == []


def test_what_is_no_longer_named_is_closed_when_no_call_can_use_it_any_more(tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    sources = Sources(file, {})

    async def told() -> list[int]:
        loop = asyncio.get_running_loop()
        file.write_text(text(tmp_path, store=other_store(tmp_path), routes=USES_OTHER))
        reloader = await ConfigReloader.begin(
            sources, load(sources), Process.begin(Recording(Spans().tracer, Counts()))
        )
        opened = [parts(reloader)]
        file.write_text(text(tmp_path))
        assert await reloader.reload()
        began = loop.time()
        opened.append(parts(reloader))
        (retiring,) = reloader._retiring.values()
        await retiring
        assert loop.time() - began == pytest.approx(INGEST_SECONDS)
        opened.append(parts(reloader))
        await reloader.close()
        return [*opened, len(reloader._shared.keys())]

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(told()) == [3, 3, 2, 0]


def test_a_server_that_ends_closes_what_waits_to_be(tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    sources = Sources(file, {})

    async def told() -> int:
        file.write_text(text(tmp_path, store=other_store(tmp_path), routes=USES_OTHER))
        reloader = await ConfigReloader.begin(
            sources, load(sources), Process.begin(Recording(Spans().tracer, Counts()))
        )
        file.write_text(text(tmp_path))
        assert await reloader.reload()
        await reloader.close()
        return len(reloader._shared.keys())

    assert asyncio.run(told()) == 0
