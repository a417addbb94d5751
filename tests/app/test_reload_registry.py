"""A snapshot is made of a configuration and a state of the registry: whichever changes, the other stays."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from groundwire_server.app import reload as module
from groundwire_server.app.compose import Process
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.prompts import registry_of
from groundwire_server.app.registry_watch import RegistryWatch
from groundwire_server.app.reload import ConfigReloader
from groundwire_server.domain.prompts.registry import PromptLabel, PromptOrigin, PromptVersion
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.registry_records import RegistryState
from tests.app.test_reload import STAYS, TAKEN
from tests.doubles.counts import Counts
from tests.doubles.registry_records import StatefulRegistryRecords
from tests.doubles.spans import Spans

CHANGED = "a change of prompts or experiments is in use"
REFUSED = "a change of prompts or experiments cannot be used; the earlier ones stay"


def conflicting() -> PromptVersion:
    """Return a version with the number of one that is built in, and another text."""
    return PromptVersion("answer", "1.2.0", "another text", PromptOrigin.RECORDS)


@dataclass
class Place:
    """A process, its file and its records."""

    file: Path
    records: StatefulRegistryRecords
    reloader: ConfigReloader
    watch: RegistryWatch

    def write(self, *, seconds: int = 1, version: str = "1.2.0") -> None:
        self.file.write_text(configured(self.file.parent, seconds, version))


def configured(folder: Path, seconds: int = 1, version: str = "1.2.0") -> str:
    return f"""
server: {{listen: "127.0.0.1:0", drain: {{grace_seconds: {seconds}}}}}
stores: {{main: {{kind: embedded, folder: "{folder}/data"}}}}
routes: {{default: {{models: [extractive], store: main, prompt: {{version: {version}}}}}}}
records: {{enabled: true}}
prompts: {{managed_by: operations}}
"""


def process(records: StatefulRegistryRecords) -> tuple[Process, RegistryWatch]:
    watch = RegistryWatch(records.port)
    return replace(Process.begin(Recording(Spans().tracer, Counts())), registry=watch), watch


@pytest.fixture
async def place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Place]:
    caplog.set_level(logging.INFO, module.__name__)
    file, records = tmp_path / "groundwire.yaml", StatefulRegistryRecords()
    file.write_text(configured(tmp_path))
    sources = Sources(file, {})
    level = logging.getLogger().level
    begun, watch = process(records)
    reloader = await ConfigReloader.begin(sources, load(sources), begun)
    yield Place(file, records, reloader, watch)
    await reloader.close()
    logging.getLogger().setLevel(level)


async def test_a_change_of_the_registry_is_a_new_snapshot(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    before, loaded = place.reloader.current.snapshot, place.reloader.loaded
    changed = place.records.change(labels=[PromptLabel("answer", "production", "1.2.0")])
    await place.watch.refresh()
    assert place.reloader.current.snapshot is not before
    assert (place.reloader.state, place.reloader.loaded) == (changed, loaded)
    assert (caplog.records[-1].message, caplog.records[-1].__dict__["revision"]) == (CHANGED, 1)


async def test_a_change_that_does_not_fit_leaves_the_snapshot(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    before = place.reloader.current.snapshot
    place.records.change(versions=[conflicting()])
    await place.watch.refresh()
    await place.watch.refresh()
    assert place.reloader.current.snapshot is before
    (line,) = [line for line in caplog.records if line.message == REFUSED]
    assert "prompt answer/1.2.0 cannot be used" in line.__dict__["why"]
    # The next change counts again.
    place.records.change(versions=[])
    await place.watch.refresh()
    assert place.reloader.state.revision == 2


async def test_a_reload_of_the_file_keeps_the_state(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    changed = place.records.change(labels=[PromptLabel("answer", "candidate", "1.2.0")])
    await place.watch.refresh()
    place.write(seconds=2)
    assert await place.reloader.reload()
    assert place.reloader.state == changed
    assert place.reloader.configuration.server.drain.grace_seconds == 2
    assert caplog.records[-1].message == TAKEN


async def test_a_change_of_the_registry_keeps_the_configuration_that_was_reloaded(place: Place) -> None:
    place.write(seconds=2)
    assert await place.reloader.reload()
    place.records.change()
    await place.watch.refresh()
    assert place.reloader.configuration.server.drain.grace_seconds == 2


async def test_a_reload_goes_on_with_the_state_in_use_where_the_newest_does_not_fit(place: Place) -> None:
    place.records.change(versions=[conflicting()])
    await place.watch.refresh()
    place.write(seconds=2)
    assert await place.reloader.reload()
    assert place.reloader.state.revision == 0
    assert place.reloader.configuration.server.drain.grace_seconds == 2


async def test_a_reload_takes_the_newest_state_where_the_new_configuration_makes_it_fit(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = place.records.change(versions=[conflicting()])
    await place.watch.refresh()
    assert place.reloader.state.revision == 0
    monkeypatch.setattr(module, "registry_of", lambda folder, state: registry_of(folder))
    place.write(seconds=2)
    assert await place.reloader.reload()
    assert place.reloader.state == changed


async def test_an_invalid_configuration_leaves_both(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    changed = place.records.change()
    await place.watch.refresh()
    before = place.reloader.current.snapshot
    place.file.write_text("routes: []")
    assert not await place.reloader.reload()
    assert place.reloader.current.snapshot is before
    assert place.reloader.state == changed
    assert caplog.records[-1].message == STAYS


async def test_the_tenant_that_manages_prompts_changes_with_a_restart_alone(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.file.write_text(configured(place.file.parent).replace("operations", "acme"))
    assert not await place.reloader.reload()
    assert "prompts.managed_by: cannot change" in caplog.records[-1].__dict__["why"]


async def test_a_process_begins_with_the_state_of_the_records(tmp_path: Path) -> None:
    file, records = tmp_path / "groundwire.yaml", StatefulRegistryRecords()
    file.write_text(configured(tmp_path))
    changed = records.change(labels=[PromptLabel("answer", "production", "1.2.0")])
    sources = Sources(file, {})
    begun, _ = process(records)
    reloader = await ConfigReloader.begin(sources, load(sources), begun)
    assert reloader.state == changed
    await reloader.close()


async def test_a_process_does_not_begin_with_what_does_not_fit(tmp_path: Path) -> None:
    file, records = tmp_path / "groundwire.yaml", StatefulRegistryRecords()
    file.write_text(configured(tmp_path))
    records.change(versions=[conflicting()])
    sources = Sources(file, {})
    begun, _ = process(records)
    with pytest.raises(InvalidConfigurationError, match=r"prompt answer/1\.2\.0 cannot be used"):
        await ConfigReloader.begin(sources, load(sources), begun)


async def test_a_loop_of_changes_is_slowed_before_it_takes_the_memory(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        if seconds == module.PAUSE_SECONDS:
            paused.append(seconds)
        else:
            await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    for number in range(module.MOST_RETIRING):
        await place.reloader.use(RegistryState(number))
    assert paused == []
    await place.reloader.use(RegistryState(module.MOST_RETIRING))
    assert paused == [module.PAUSE_SECONDS]
