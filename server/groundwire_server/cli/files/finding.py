"""Finds the files that the paths on a command line name."""

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from groundwire_server.cli.files.entries import Unreadable
from groundwire_server.cli.files.readers import registry

TEXT = frozenset({".txt", ".text", ".md", ".markdown", ".mdown"})
"""Text files that are taken from a folder; a file that is named itself may have any name."""
LINES = frozenset({".jsonl", ".ndjson"})
CONVERTED = registry.suffixes()
"""Files that are converted, by readers that other packages add as well."""


def is_lines(path: Path) -> bool:
    """Return whether a file holds one document per line."""
    return path.suffix.lower() in LINES


def find(arguments: Iterable[str]) -> tuple[list[Path], list[Unreadable]]:
    """Return the files that the arguments name, each once, and the paths that cannot be read or name none."""
    found: dict[str, Path] = {}
    nothing: list[Unreadable] = []
    for argument in arguments:
        closed: list[Unreadable] = []
        files = list(_expand(argument, closed))
        nothing += closed
        if not files and not closed:
            nothing.append(Unreadable(argument, _why_nothing(argument)))
        for path in files:
            # Not Path.resolve, which raises for a link to itself.
            found.setdefault(os.path.realpath(path), path)
    return list(found.values()), nothing


def _expand(argument: str, closed: list[Unreadable]) -> Iterator[Path]:
    path = Path(argument)
    if path.is_dir():
        # Links to folders are not followed: one could lead back here.
        for folder, folders, names in os.walk(path, onerror=lambda failed: closed.append(_closed(failed))):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                each = Path(folder, name)
                if name.startswith(".") or each.suffix.lower() not in TEXT | LINES | CONVERTED:
                    continue
                if each.is_file() or each.is_symlink():
                    yield each  # a broken link is reported when it is read
                else:
                    closed.append(Unreadable(str(each), "is a pipe or a device, not a file"))
    elif path.exists():
        yield path
    else:
        # A pattern that the shell did not expand; only the files that match count.
        for match in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207  # Path.glob takes no absolute pattern
            if Path(match).is_file():
                yield Path(match)


def _closed(failed: OSError) -> Unreadable:
    return Unreadable(str(failed.filename), f"cannot be read: {failed.strerror}")


def _why_nothing(argument: str) -> str:
    if Path(argument).is_dir():
        return f"contains no file that ends in {', '.join(sorted(TEXT | LINES | CONVERTED))}"
    if Path(argument).is_symlink():
        return "is a broken link"
    return "no such file or folder"
