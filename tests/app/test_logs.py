"""What reaches the log."""

import json
import logging
from collections.abc import Iterator

import pytest

from groundwire_server.app.logs import set_up_logs


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Logs are set up for a test alone."""
    root = logging.getLogger()
    others = [logging.getLogger(name) for name in ("grpc", "httpx", "weaviate-client")]
    handlers, level, levels = root.handlers[:], root.level, [each.level for each in others]
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for each, before in zip(others, levels, strict=True):
        each.setLevel(before)


def test_our_details_are_shown_and_those_of_grpc_are_not(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs("DEBUG")

    logging.getLogger("grpc._cython.cygrpc").debug("Loaded running loop")
    logging.getLogger("groundwire_server.edge").debug("the caller left", extra={"status": "CANCELLED"})

    (line,) = capfd.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "the caller left"
    assert json.loads(line)["status"] == "CANCELLED"


def test_grpc_is_no_louder_than_the_rest(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs("ERROR")

    logging.getLogger("grpc._cython.cygrpc").warning("something")

    assert capfd.readouterr().err == ""


def test_weaviates_client_tells_of_no_object(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs("DEBUG")

    logging.getLogger("weaviate-client").error({"errors": {1: "BatchObject(properties={'text': 'a document'})"}})

    assert capfd.readouterr().err == ""
