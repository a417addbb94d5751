"""The labels of a folder of prompts, changed by commands: `labels.yaml`, and beside it what became of each label."""

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from groundwire_server.adapters.prompts.catalogue import compiler
from groundwire_server.adapters.prompts.folder import LABELS, read_folder
from groundwire_server.app.parts.prompts import folder_faults, registry_of
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.prompts.moves import MOST_MOVES, LabelMove, earlier
from groundwire_server.domain.prompts.registry import NAME_PATTERN
from groundwire_server.files.atomic import flush, replace_file
from groundwire_server.files.small import UnreadableFileError, text_of

HISTORY: Final = "labels.history"

_HEAD: Final = (
    "# Which version each label points at. `groundwire prompts promote` and `rollback` write this file: values that\n"
    "# were edited by hand are kept, comments are not.\n"
)

_MODE: Final = 0o644

_MOST_HISTORY: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LabelChange:
    """One line of the history.

    Attributes:
        time: when, in RFC 3339.
        prompt: whose label.
        label: its name.
        version: what it points at since.
        previous: what it pointed at before; empty without one.
        rolled_back: whether it went back.
        reason: why, in the words of who changed it.
    """

    time: str
    prompt: str
    label: str
    version: str
    previous: str
    rolled_back: bool
    reason: str

    def __str__(self) -> str:
        values = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(values, ensure_ascii=False)


class NothingEarlierError(SetupError):
    """Nothing says what a label pointed at before."""


class LabelsFile:
    """The labels of a folder.

    Args:
        folder: that `prompts.folder` of a configuration names.

    Raises:
        SetupError: when it cannot be used as it is, with a line for each fault.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = read_folder(folder)
        if faults := list(folder_faults(self._read, compiler())):
            raise SetupError("\n".join(map(str, faults)))
        self._registry = registry_of(self._read)

    def current(self, prompt: str, label: str) -> str:
        """Return what a label points at in the folder; empty where it has none."""
        found = (each.version for each in self._read.labels if (each.prompt, each.label) == (prompt, label))
        return next(found, "")

    def promote(self, prompt: str, version: str, label: str, reason: str) -> LabelChange:
        """Point a label at a version; return the change.

        Raises:
            UnknownPromptError: when there is no such version.
            SetupError: when the files cannot be written.
        """
        self._registry.required(prompt, version)
        if not NAME_PATTERN.fullmatch(label):
            raise SetupError(
                f"{label!r} cannot be a label: it must be named by {NAME_PATTERN.pattern}, such as production"
            )
        change = _change(prompt, label, version, self.current(prompt, label), reason)
        if change.previous != version:
            self._write(change)
        return change

    def roll_back(self, prompt: str, label: str, reason: str) -> LabelChange:
        """Point a label at what it pointed at before; return the change.

        Raises:
            NothingEarlierError: when nothing says what that was.
            SetupError: when the files cannot be written.
        """
        current = self.current(prompt, label)
        target = _earlier(self.history(prompt), label, current)
        if not target:
            where = f"{self._folder / HISTORY} has nothing before {prompt}/{current or label}"
            raise NothingEarlierError(f"{where}: name the version with `groundwire prompts promote`")
        change = _change(prompt, label, target, current, reason, rolled_back=True)
        self._write(change)
        return change

    def history(self, prompt: str = "") -> Sequence[LabelChange]:
        """Return the changes, the oldest first: those of one prompt, or of all.

        Raises:
            SetupError: when the history cannot be read.
        """
        file = self._folder / HISTORY
        try:
            # A reason may hold other signs that end a line.
            lines = text_of(file, _MOST_HISTORY).split("\n")
            changes = [LabelChange(**json.loads(line)) for line in lines if line]
        except UnreadableFileError as unreadable:
            if unreadable.absent:
                return []
            raise SetupError(f"{file} {unreadable}") from None
        except (ValueError, TypeError):
            said = f"{file} has a line that is not as it was written: restore it from version control"
            raise SetupError(said) from None
        return [change for change in changes if prompt in {"", change.prompt}]

    def _write(self, change: LabelChange) -> None:
        labels: dict[str, dict[str, str]] = {}
        for each in self._read.labels:
            labels.setdefault(each.prompt, {})[each.label] = each.version
        labels.setdefault(change.prompt, {})[change.label] = change.version
        try:
            line = f"{change}\n".encode()
        except UnicodeEncodeError:
            raise SetupError("the reason is not UTF-8: set the terminal to UTF-8") from None
        try:
            # Opened first: where the history cannot be written to, no label moves.
            with (self._folder / HISTORY).open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if read_folder(self._folder).labels != self._read.labels:
                    raise SetupError(f"{self._folder / LABELS} has changed meanwhile: run the command again")
                replace_file(self._folder / LABELS, _written(labels).encode(), _readable(self._folder / LABELS))
                file.write(line)
            flush(self._folder / HISTORY)
        except OSError as failed:
            raise SetupError(f"{failed.filename or self._folder} cannot be written: {failed.strerror}") from None


def _change(
    prompt: str, label: str, version: str, previous: str, reason: str, *, rolled_back: bool = False
) -> LabelChange:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return LabelChange(now, prompt, label, version, previous, rolled_back, reason)


def _earlier(history: Sequence[LabelChange], label: str, current: str) -> str:
    """Return what a label goes back to; empty where nothing says so."""
    of_label = [change for change in history if change.label == label][-MOST_MOVES:]
    if not of_label or of_label[-1].version != current:
        return ""
    return earlier(LabelMove(each.version, each.previous, each.rolled_back) for each in of_label)


def _written(labels: Mapping[str, Mapping[str, str]]) -> str:
    lines = [_HEAD]
    for prompt, of in sorted(labels.items()):
        lines.append(f"{prompt}:\n")
        lines += [f"  {label}: {version}\n" for label, version in sorted(of.items())]
    return "".join(lines)


def _readable(file: Path) -> Any:
    """Return what gives a new file the mode of the one that it replaces: servers of other users read it."""
    try:
        mode = file.stat().st_mode & 0o777
    except OSError:
        mode = _MODE
    return lambda number: os.fchmod(number, mode)
