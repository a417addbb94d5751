"""What a configuration needs of the extras, in an environment that has none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from groundwire_server.app.configuration import external
from groundwire_server.app.configuration.load import load
from tests.doubles.configured import beside


@pytest.fixture(autouse=True)
def no_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """No package is found."""
    monkeypatch.setattr(external, "find_spec", lambda _: None)


def test_a_store_without_an_embedder_needs_none(tmp_path: Path) -> None:
    loaded = load(beside(tmp_path, embedder=None))

    assert "local" in loaded.configuration.embedders
    assert list(external.check_external(loaded, datetime.now(UTC))) == []


def test_presidio_names_its_extra(tmp_path: Path) -> None:
    file = tmp_path / "groundwire.json"
    file.write_text('{"guards": {"p": {"kind": "presidio", "version": "1"}}}')
    loaded = load(beside(tmp_path, embedder=None, file=file))

    (error,) = external.check_external(loaded, datetime.now(UTC))

    assert error.path == ("guards", "p", "kind")
    assert "pip install 'groundwire-server[presidio]'" in error.message


def test_an_embedder_that_a_store_uses_names_its_extra(tmp_path: Path) -> None:
    loaded = load(beside(tmp_path))

    (error,) = external.check_external(loaded, datetime.now(UTC))

    assert error.path == ("embedders", "local", "kind")
    assert "pip install 'groundwire-server[local]'" in error.message
    assert "--no-local-embedder" in error.message
