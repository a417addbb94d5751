"""Editing a draft on the terminal."""

import stat
from pathlib import Path

import pytest

from tests.cli.reviews.conftest import Typed
from tests.doubles.reviewed_service import TICKET, ReviewedService

WRITTEN = "Only the front desk may sign for them."


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor that keeps what it was given, and writes what stands in `says`."""
    script = tmp_path / "my editor"
    script.write_text(
        f'#!/bin/sh\ncp "$2" "{tmp_path}/given"\ndirname "$2" > "{tmp_path}/folder"\ncp "{tmp_path}/says" "$2"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "says").write_text(WRITTEN)
    monkeypatch.setenv("EDITOR", f"'{script}' --wait")
    monkeypatch.delenv("VISUAL", raising=False)
    return tmp_path


@pytest.mark.process
def test_the_editor_has_the_draft_and_what_it_saves_leaves(
    typed: Typed, service: ReviewedService, editor: Path
) -> None:
    ran = typed("l\n", "reviews", "edit", TICKET, "--note", "by the handbook")
    assert (editor / "given").read_text() == service.full[TICKET].proposed.text
    assert not Path((editor / "folder").read_text().strip()).exists()
    assert (ran.code, f"edited {TICKET}\n" in ran.out) == (0, True)
    assert "1 VERBATIM" in ran.out
    assert "[l] let it leave, [e] edit again, [q] leave it undecided" in ran.err
    assert [call.request.validate_only for call in service.calls if call.method == "EditReview"] == [True, False]
    assert (service.calls[-1].request.text, service.calls[-1].request.note) == (WRITTEN, "by the handbook")


@pytest.mark.process
def test_what_is_not_supported_is_shown_before_it_leaves(typed: Typed, service: ReviewedService, editor: Path) -> None:
    service.unsupported = {WRITTEN}
    ran = typed("q\n", "reviews", "edit", TICKET)
    assert (ran.code, "1 UNSUPPORTED: the passages do not say it" in ran.out) == (1, True)
    assert "let it leave with 1 sentence that the passages do not support" in ran.err
    assert all(call.request.validate_only for call in service.calls if call.method == "EditReview")
    ran = typed("e\nl\n", "reviews", "edit", TICKET)
    assert service.calls[-1].request.accept_unsupported


@pytest.mark.process
def test_an_editor_that_is_not_there_decides_nothing(
    typed: Typed, service: ReviewedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", "/nonexistent/editor")
    ran = typed("", "reviews", "edit", TICKET)
    assert (ran.code, "set EDITOR, or give --text FILE" in ran.err) == (4, True)
    assert [call.method for call in service.calls] == ["ClaimReview"]
