"""Versions that are compiled once, from whichever thread."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from sys import getswitchinterval, setswitchinterval
from typing import Final

import pytest

from groundwire_server.adapters.prompts import template as module
from groundwire_server.adapters.prompts.catalogue import compiler
from groundwire_server.domain.prompts.registry import PromptHeader, PromptVersion
from tests.doubles.prompts import template, version

_THREADS: Final = 8
_ROUNDS: Final = 200


@contextmanager
def hasty_threads() -> Iterator[None]:
    """Have threads take turns as often as they can."""
    before = getswitchinterval()
    setswitchinterval(1e-6)
    try:
        yield
    finally:
        setswitchinterval(before)


def headed(number: int) -> PromptVersion:
    return version(f"1.0.{number}", f"---\ndescription: number {number}\nowner: search team\n---\nbody")


def test_a_version_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    templates = compiler()
    one = version("1.0.0", template("x"))
    first = templates.compiled(one.name, one.version, one.text)
    assert templates.header(headed(1)) == PromptHeader("number 1", "search team")
    monkeypatch.setattr(module, "split", None)
    assert templates.compiled(one.name, one.version, one.text) is first
    assert templates.header(headed(1)).owner == "search team"


@pytest.mark.parametrize("text", ["body", "---\nowner: [1]\n---\n", "---\nno end", "\n"])
def test_without_front_matter_that_can_be_used_there_is_nothing_to_say(text: str) -> None:
    assert compiler().header(version("1.0.0", text)) == PromptHeader()


def test_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMPILED", 2)
    monkeypatch.setattr(module, "MOST_HEADERS", 2)
    templates = compiler()
    three = [version(f"1.0.{number}", template(f"number {number}")) for number in range(3)]
    compiled = [templates.compiled(each.name, each.version, each.text) for each in three]
    assert templates.compiled("answer", "1.0.2", three[2].text) is compiled[2]
    assert templates.compiled("answer", "1.0.0", three[0].text) is not compiled[0]


def test_threads_that_push_versions_out_of_each_other_s_way_get_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HEADERS", 2)
    templates = compiler()

    def read(thread: int) -> bool:
        numbers = [(thread + turn) % 5 for turn in range(_ROUNDS)]
        return all(templates.header(headed(number)).description == f"number {number}" for number in numbers)

    with hasty_threads(), ThreadPoolExecutor(_THREADS) as threads:
        assert all(threads.map(read, range(_THREADS)))


def test_threads_may_compile_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMPILED", 2)
    templates = compiler()
    texts = [template(f"number {number}") for number in range(4)]

    def compiled(place: int) -> str:
        return templates.compiled("answer", f"1.0.{place}", texts[place]).rendered("system", mark="m", answer_form="{}")

    with hasty_threads(), ThreadPoolExecutor(_THREADS) as threads:
        found = list(threads.map(compiled, [turn % 4 for turn in range(32)]))
    assert all(f"number {turn % 4}" in text for turn, text in enumerate(found))
