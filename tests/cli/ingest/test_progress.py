"""How far an upload is, where there is no terminal."""

from dataclasses import dataclass

import pytest

from groundwire_server.cli.ingest.progress import DocumentProgress


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_now_and_then_says_how_many_how_fast_and_which(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with DocumentProgress("storing", 10_000, clock) as progress:
        for number in range(1, 2401):
            clock.now += 0.025
            progress.advance(f"docs/{number}.md")

    assert capsys.readouterr().err == (
        "storing 10000 documents\n1,200 of 10,000, 40/s: docs/1200.md\n2,400 of 10,000, 40/s: docs/2400.md\n"
    )


def test_on_a_terminal_there_is_one_line_with_the_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "70")

    with DocumentProgress("storing", 3) as progress:
        progress.advance("docs/[a].md")
        progress._bar.refresh()
        shown = capsys.readouterr().err

    assert "1/3" in shown
    assert "docs/[a].md" in shown
