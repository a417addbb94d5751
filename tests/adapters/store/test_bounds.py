"""Where the embedded store ends: files that are too new, corpora that are too large."""

import logging
import sqlite3
from pathlib import Path

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore, UnusableStoreFailure
from groundwire_server.adapters.store.embedded import corpus as corpus_module
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from tests.contract.stores import ALICE, ALL, chunk


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    EmbeddedStore.open(path, SystemClock(), None).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UnusableStoreFailure, match="format 99, written by a newer groundwire"):
        EmbeddedStore.open(path, SystemClock(), None)


async def test_a_tenant_that_grows_too_large_is_told_of_weaviate_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(corpus_module, "COMFORTABLE_CHUNKS", 3)
    store = EmbeddedStore.open(tmp_path / "store.sqlite3", SystemClock(), None)
    with caplog.at_level(logging.WARNING):
        for number in range(6):
            document = Document(f"d{number}", "text", allowed_principals=ALL)
            await store.corpus.put(ALICE, document, f"hash {number}", [chunk(f"c{number}", "text")], NEVER)
    store.close()
    (record,) = caplog.records
    assert "Weaviate" in record.getMessage()
    assert vars(record)["chunks"] == 4
