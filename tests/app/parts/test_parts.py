"""What a configuration names is opened once, and only what a route or the document calls need."""

from pathlib import Path

import pytest

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.parts import open_parts
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.failure import Failure
from groundwire_server.telemetry.metrics import STORE_SIZE
from tests.doubles.configured import beside
from tests.doubles.spans import Spans


def text(folder: Path) -> str:
    return f"""
corpus: a
stores:
  a: {{kind: embedded, folder: {folder}/a}}
  b: {{kind: embedded, folder: {folder}/b}}
  unused: {{kind: embedded, folder: {folder}/unused}}
models:
  one: {{kind: extractive}}
  unused: {{kind: extractive, store: unused}}
routes:
  default: {{models: [one], store: a}}
  faq: {{models: [one], store: b}}
"""


async def test_each_is_opened_once_and_what_nothing_needs_is_not(tmp_path: Path) -> None:
    (tmp_path / "groundwire.yaml").write_text(text(tmp_path))
    configuration = load(Sources(tmp_path / "groundwire.yaml")).configuration
    shared = Shared()
    first, second = shared.lease(), shared.lease()
    ours = await open_parts(configuration, first, Spans().recording)
    again = await open_parts(configuration, second, Spans().recording)
    assert set(ours.stores) == {"a", "b"}
    assert set(ours.generators) == {"one"}
    assert ours.corpus is ours.stores["a"]
    assert ours.corpus.corpus is again.stores["a"].corpus
    assert ours.answer_cache is again.answer_cache is not None
    # Two stores, what is shared by tenants, the counts of limits with the lines of those who wait for them, the guards
    # of three screens, and earlier answers.
    assert len(shared.keys()) == 9
    await first.end()
    await second.end()
    assert shared.keys() == []


@pytest.mark.parametrize(
    ("sections", "kind"),
    [
        ("", "MemoryAnswerCache"),
        ("answer_cache: {kind: memory, entries: 7}", "MemoryAnswerCache"),
        # A Redis that is away holds up no start.
        ("answer_cache: {kind: redis}\nredis: {url: 'unix:///nowhere/redis.sock'}", "RedisAnswerCache"),
        ("answer_cache: {kind: none}", "NoneType"),
    ],
)
async def test_earlier_answers_are_kept_where_the_configuration_says(tmp_path: Path, sections: str, kind: str) -> None:
    (tmp_path / "groundwire.yaml").write_text(text(tmp_path) + sections)
    lease = Shared().lease()
    parts = await open_parts(load(Sources(tmp_path / "groundwire.yaml")).configuration, lease, Spans().recording)
    assert type(parts.answer_cache).__name__ == kind
    await lease.end()


async def test_one_that_cannot_be_opened_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "groundwire.yaml").write_text(text(tmp_path))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "store.sqlite3").write_text("a text that somebody has put here" * 10)
    shared = Shared()
    lease = shared.lease()
    with pytest.raises(Failure, match="SQLITE_NOTADB"):
        await open_parts(load(Sources(tmp_path / "groundwire.yaml")).configuration, lease, Spans().recording)
    await lease.end()
    assert shared.keys() == []


async def test_the_size_of_an_embedded_store_can_be_seen(tmp_path: Path) -> None:
    spans, lease = Spans(), Shared().lease()
    await open_parts(load(beside(tmp_path, embedder=None)).configuration, lease, spans.recording)
    (((folder,), size),) = spans.counts.reading(STORE_SIZE).items()
    assert size == held(Path(folder)) > 0
    await lease.end()


def held(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(each.stat().st_size for each in folder.iterdir())
