"""What versions say of themselves."""

import pytest

from groundwire_server.adapters.prompts import headers as module
from groundwire_server.adapters.prompts.headers import PromptHeaders
from groundwire_server.domain.prompts.registry import PromptHeader, PromptOrigin, PromptVersion


def version(text: str, number: str = "1.0.0") -> PromptVersion:
    return PromptVersion("answer", number, text, PromptOrigin.FOLDER)


def test_the_first_lines_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = PromptHeaders()
    text = "---\ndescription: Short answers\nowner: search team\n---\nbody"
    assert headers.of(version(text)) == PromptHeader("Short answers", "search team")
    monkeypatch.setattr(module, "split", None)
    assert headers.of(version(text)).owner == "search team"


@pytest.mark.parametrize("text", ["body", "---\nowner: [1]\n---\n", "---\nno end", ""])
def test_without_first_lines_that_can_be_used_there_is_nothing_to_say(text: str) -> None:
    assert PromptHeaders().of(version(text)) == PromptHeader()


def test_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    headers = PromptHeaders()
    for number in ("1.0.0", "1.1.0", "1.2.0"):
        headers.of(version("body", number))
    assert len(headers._read) == 2
