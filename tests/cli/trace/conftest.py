"""A Jaeger for the command to ask."""

from collections.abc import Iterator

import pytest

from tests.doubles.jaeger import Jaeger, querying


@pytest.fixture
def jaeger() -> Jaeger:
    return Jaeger()


@pytest.fixture
def url(jaeger: Jaeger, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of its API, which the environment names."""
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    with querying(jaeger) as url:
        monkeypatch.setenv("GROUNDWIRE_JAEGER", url)
        yield url
