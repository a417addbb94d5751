"""Finds the files that the paths on a command line name."""

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from groundwire_server.cli.files.entries import Unreadable
from groundwire_server.cli.files.ignoring import IGNORE_FILE, IgnoreFiles
from groundwire_server.cli.files.readers import registry
from groundwire_server.cli.files.skipping import SkippedFiles, SkipReason, shown

TEXT = frozenset({".txt", ".text", ".md", ".markdown", ".mdown"})
"""Text files that are taken from a folder; a file that is named itself may have any name."""
LINES = frozenset({".jsonl", ".ndjson"})
CONVERTED = registry.suffixes()
"""Files that are converted, by readers that other packages add as well."""


@dataclass(slots=True)
class Found:
    """What the paths on a command line name.

    Attributes:
        files: each once, in the order of the command line, and by name within a folder.
        nothing: paths that name no file, or that cannot be read.
        skipped: what was left out of folders.
        folders: the folders of the command line that could be read and have files.
    """

    files: list[Path] = field(default_factory=list)
    nothing: list[Unreadable] = field(default_factory=list)
    skipped: SkippedFiles = field(default_factory=SkippedFiles)
    folders: list[Path] = field(default_factory=list)


def is_lines(path: Path) -> bool:
    """Return whether a file holds one document per line."""
    return path.suffix.lower() in LINES


def find(arguments: Iterable[str]) -> Found:
    """Return the files that the arguments name.

    Raises:
        IgnoreFileError: when an ignore file cannot be read.
    """
    found = Found()
    files = dict[str, Path]()
    for argument in arguments:
        failures = len(found.nothing)
        named = False
        for path in _expand(argument, found):
            named = True
            # Not Path.resolve, which raises for a link to itself.
            real = os.path.realpath(path)
            files[real] = _own_name(files.get(real, path), path, found.skipped)
        if named and Path(argument).is_dir():
            found.folders.append(Path(argument))
        if not named and len(found.nothing) == failures:
            found.nothing.append(Unreadable(shown(argument), _why_nothing(argument)))
    found.files += files.values()
    return found


def _own_name(taken: Path, path: Path, skipped: SkippedFiles) -> Path:
    """Return which of two paths of one file names it: the first, unless only the second is no link."""
    if os.path.normpath(taken) == os.path.normpath(path):
        return taken
    kept, other = (path, taken) if taken.is_symlink() and not path.is_symlink() else (taken, path)
    if other.is_symlink():
        skipped.add(SkipReason.ALIAS, str(other))
    return kept


def _expand(argument: str, found: Found) -> Iterator[Path]:
    path = Path(argument)
    if path.is_dir():
        yield from _walk(path, found)
    elif path.exists():
        yield path
    else:
        # A pattern that the shell did not expand; only the files that match count.
        for match in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207  # Path.glob takes no absolute pattern
            if Path(match).is_file():
                yield Path(match)


def _walk(top: Path, found: Found) -> Iterator[Path]:
    """Yield the files of a folder that have a reader, and note the others."""
    ignoring = IgnoreFiles(top)
    # Links to folders are not followed: one could lead back here.
    for folder, folders, names in os.walk(top, onerror=lambda failed: found.nothing.append(_closed(failed))):
        entered = []
        for name in sorted(folders):
            path = os.path.join(folder, name)  # noqa: PTH118  # a Path for each takes long
            reason = _why_not_entered(path, name, ignoring)
            if reason is None:
                entered.append(name)
            else:
                found.skipped.add(reason, f"{path}/")
        folders[:] = entered
        for name in sorted(name for name in names if name != IGNORE_FILE):
            path = os.path.join(folder, name)  # noqa: PTH118
            reason = _why_not_taken(path, name, ignoring)
            if reason is not None:
                found.skipped.add(reason, path)
            elif why := _why_unreadable(path):
                found.nothing.append(Unreadable(shown(path), why))
            else:
                yield Path(path)  # a broken link is reported when it is read


def _why_not_entered(path: str, name: str, ignoring: IgnoreFiles) -> SkipReason | None:
    if name.startswith("."):
        return SkipReason.HIDDEN
    if ignoring.ignores(path, is_folder=True):
        return SkipReason.IGNORED
    return SkipReason.LINK if Path(path).is_symlink() else None


def _why_not_taken(path: str, name: str, ignoring: IgnoreFiles) -> SkipReason | None:
    if name.startswith("."):
        return SkipReason.HIDDEN
    if ignoring.ignores(path, is_folder=False):
        return SkipReason.IGNORED
    return None if PurePath(name).suffix.lower() in TEXT | LINES | CONVERTED else SkipReason.NO_READER


def _why_unreadable(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError:
        return "has a name that is not UTF-8: rename it"
    each = Path(path)
    return "" if each.is_file() or each.is_symlink() else "is a pipe or a device, not a file"


def _closed(failed: OSError) -> Unreadable:
    return Unreadable(shown(str(failed.filename)), f"cannot be read: {failed.strerror}")


def _why_nothing(argument: str) -> str:
    if Path(argument).is_dir():
        return f"contains no file that ends in {', '.join(sorted(TEXT | LINES | CONVERTED))}"
    if Path(argument).is_symlink():
        return "is a broken link"
    return "no such file or folder"
