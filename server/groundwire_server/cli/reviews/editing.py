"""Writing the text that leaves in place of a draft, and having it checked before."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.text import Text

import groundwire
from groundwire.v1.review_pb2 import Review
from groundwire_server.cli.check.text import TEXT_LIMIT, read_file
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.reviews.lease import HeldClaim
from groundwire_server.cli.reviews.page import show_text
from groundwire_server.cli.reviews.prompts import chosen, require_terminal
from groundwire_server.cli.reviews.words import plural

_EDITORS: Final = ("VISUAL", "EDITOR")
_DEFAULT_EDITOR: Final = "vi"


@dataclass(frozen=True, slots=True)
class DraftRemarks:
    """The note and the labels that come with a decision.

    Attributes:
        note: for the record.
        faults: names of what is wrong.
        wrong_sentences: the sentences that are wrong, as indexes from 0.
    """

    note: str = ""
    faults: Sequence[str] = ()
    wrong_sentences: Sequence[int] = ()


class Editing:
    """The text of a reviewer on its way out.

    Args:
        client: makes the calls.
        claim: holds the review.
        remarks: on the draft.
    """

    def __init__(self, client: groundwire.SyncClient, claim: HeldClaim, remarks: DraftRemarks) -> None:
        self._client = client
        self._claim = claim
        self._remarks = remarks

    def decide(self, text: str, *, accept_unsupported: bool) -> Review:
        """Let a text leave as it is, without asking.

        Raises:
            groundwire.Error: REVIEW_TEXT_UNSUPPORTED for a text that the passages do not support.
        """
        review = self._claim.review
        return self._client.edit_review(
            review.ticket,
            text,
            note=self._remarks.note,
            etag=review.etag,
            accept_unsupported=accept_unsupported,
            faults=self._remarks.faults,
            wrong_sentences=self._remarks.wrong_sentences,
        )

    def converse(self, console: Terminal, text: str | None) -> Review | None:
        """Show how a text stands to the evidence, and let it leave once the reviewer says so.

        Args:
            console: to print on.
            text: that is to leave; None opens an editor with the draft.

        Returns:
            The review as decided; None where the reviewer leaves it undecided.

        Raises:
            CommandError: when there is nobody to ask, or nothing was changed.
            groundwire.Error: when a call fails.
        """
        require_terminal("add --yes with --text FILE")
        review = self._claim.review
        written = text if text is not None else in_editor(review.proposed.text)
        while True:
            check_change(review, written)
            checked = self._client.edit_review(review.ticket, written, validate_only=True)
            console.hang(Text(), Text("text as it would leave", style="bold"))
            show_text(console, checked.decided, checked.passages, checked.below_minimum)
            match chosen(_choices(len(checked.below_minimum))):
                case "l":
                    return self.decide(written, accept_unsupported=bool(checked.below_minimum))
                case "e":
                    written = in_editor(written)
                case _:
                    return None


def check_change(review: Review, text: str) -> None:
    """Make sure that a text says something, and something else than the draft.

    Raises:
        CommandError: when it does not, or is too long.
    """
    if not text.strip():
        raise CommandError(ExitCode.INCOMPLETE, "the text is empty: nothing was decided; reject the review instead")
    if text.strip() == review.proposed.text.strip():
        raise CommandError(ExitCode.INCOMPLETE, "the text is the draft's: nothing was decided; approve it instead")
    if len(text.encode()) > TEXT_LIMIT:
        raise CommandError(ExitCode.USAGE, "the text is longer than 64 KiB: shorten it")


def in_editor(text: str) -> str:
    """Open a text in the reviewer's editor and return what was saved, without blank lines around it.

    Raises:
        CommandError: when the editor cannot be started or fails, or what it saved cannot be read.
    """
    command = next(filter(None, map(os.environ.get, _EDITORS)), _DEFAULT_EDITOR)
    # The folder is the reviewer's alone, and is gone at the end with what the editor keeps beside the file.
    with tempfile.TemporaryDirectory(prefix="groundwire-") as folder:
        file = Path(folder) / "answer.md"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(command), str(file)], check=True)  # noqa: S603  # the reviewer's own editor
        except (OSError, ValueError, subprocess.CalledProcessError):
            message = f"the editor {command!r} cannot be used: set EDITOR, or give --text FILE; nothing was decided"
            raise CommandError(ExitCode.FAILED, message) from None
        return read_file(file, TEXT_LIMIT).strip()


def _choices(below: int) -> dict[str, str]:
    leave = "let it leave"
    if below:
        leave += f" with {plural(below, 'sentence')} that the passages do not support"
    return {"l": leave, "e": "edit again", "q": "leave it undecided"}
