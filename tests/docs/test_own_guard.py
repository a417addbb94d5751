"""The guard of the how-to page keeps what every guard keeps, and refuses what is not its contract."""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from docs.examples.guard import CONTRACT, Scan, guard_server
from groundwire_server.adapters.guards.remote import json_format
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vocabulary import Cause, Screen
from groundwire_server.ports.guard import RemoteGuard
from tests.contract import test_guard as suite
from tests.doubles.guarding import HTTP, SECRET_KEY, asked, opened
from tests.doubles.time import ServerTimeLoop

# The contract suite, run over the `guard` of this module.
globals().update({name: test for name, test in vars(suite).items() if name.startswith("test_")})


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"server": ServerTimeLoop}


def scan(text: str, screen: str) -> Iterator[dict[str, Any]]:
    assert screen in set(Screen)
    for word in re.finditer("forbidden", text):
        yield {"category": "terms", "start": word.start(), "end": word.end(), "rule": "word"}


@contextmanager
def serving(scanner: Scan = scan, key: str = SECRET_KEY) -> Iterator[int]:
    server = guard_server(scanner, port=0, key=key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
async def guard(tmp_path: Path) -> AsyncIterator[RemoteGuard]:
    with serving() as port:
        async with opened(tmp_path, f"{HTTP['http'][0]}, path: /", port) as at:
            yield at.guard


def soon() -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + 30)


def test_the_contract_is_the_server_s() -> None:
    assert CONTRACT == json_format.CONTRACT


async def test_a_finding_needs_no_place(tmp_path: Path) -> None:
    def whole(text: str, screen: str) -> Iterable[dict[str, Any]]:
        return [{"category": "terms", "score": 0.75}] if "bad" in text else []

    with serving(whole) as port:
        async with opened(tmp_path, HTTP["http"][0], port) as at:
            found, none = (await at.guard.screen(asked("is bad", "good"), soon())).findings
    assert [(each.start, each.end, each.score) for each in found] == [(0, 6, 0.75)]
    assert none == ()


async def test_a_wrong_key_is_a_wrong_configuration(tmp_path: Path) -> None:
    with serving(key="another") as port:
        async with opened(tmp_path, HTTP["http"][0], port) as at:
            assert (await at.fail(asked("A."), soon())).cause is Cause.MODEL_MISCONFIGURED


BODIES = {
    "another contract": ({"contract": "groundwire.guard/2", "screen": "ANSWER", "texts": []}, 400),
    "no contract": ({"screen": "ANSWER", "texts": []}, 400),
    "no texts": ({"contract": CONTRACT, "screen": "ANSWER"}, 400),
    "a list": ([], 400),
    "no texts at all": ({"contract": CONTRACT, "screen": "ANSWER", "texts": []}, 200),
}


@pytest.mark.parametrize("case", BODIES)
def test_what_is_not_the_contract_is_refused(case: str) -> None:
    body, status = BODIES[case]
    with serving(key="") as port:
        connection = HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/", json.dumps(body))
        assert connection.getresponse().status == status
        connection.close()


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    with serving(key="") as port:
        connection = HTTPConnection("127.0.0.1", port)
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", str(1 << 40))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()
