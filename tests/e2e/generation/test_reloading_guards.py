"""Guards of a running server change: with the configuration, and with the files that it names."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.checking_model import JSON
from tests.doubles.upstream import Echo, Reply, Until, Upstream, upstream
from tests.e2e.calls import answer, question
from tests.e2e.generation.conftest import Serve
from tests.e2e.generation.drafts import answers
from tests.e2e.generation.test_remote_guards import sections
from tests.e2e.generation.test_screens import screened


def with_file(writer: Upstream, file: Path) -> dict[str, Any]:
    made = screened(writer, question={"use": [{"guard": "listed"}]})
    made["guards"] = {"listed": {"kind": "terms", "version": "1", "category": "rivals", "file": str(file)}}
    return made


async def test_a_list_of_terms_that_changed_is_in_use_after_a_reload(
    configured: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = tmp_path / "terms.txt"
    file.write_text("Initech\n")

    async with upstream(answers()) as writer, configured(with_file(writer, file)) as served:

        async def blocked(text: str) -> bool:
            return (await answer(served, question(text))).WhichOneof("result") == "blocked"

        assert await served.reloader.reload()
        assert caplog.messages[-1] == "the configuration has not changed"
        file.write_text("Globex\n")
        assert await served.reloader.reload()
        assert (await blocked("Initech?"), await blocked("Globex?")) == (False, True)
        file.unlink()
        assert not await served.reloader.reload()
        line = next(each for each in reversed(caplog.records) if "old one stays in use" in each.getMessage())
        assert (
            vars(line)["why"]
            == f"{served.file}:1: guards.listed.file: {file} cannot be read: No such file or directory"
        )
        assert await blocked("Globex?")


async def test_a_call_keeps_the_guard_that_it_began_with(configured: Serve) -> None:
    may = asyncio.Event()
    found = json.dumps({"results": [{"findings": [{"category": "terms"}]}]}).encode()
    held = Reply([Until(may), Echo(lambda _: found)], headers=JSON)
    async with upstream(answers()) as writer, upstream(held) as guard:
        made = sections(writer, guard, "question", max_seconds=30)
        async with configured(made) as served:
            before = asyncio.create_task(answer(served))
            await guard.began.wait()
            without = screened(writer)
            assert await served.reconfigured(without)
            assert (await answer(served)).WhichOneof("result") == "answered"
            may.set()
            assert (await before).WhichOneof("result") == "blocked"
