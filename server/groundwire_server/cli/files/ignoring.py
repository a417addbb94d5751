"""Ignore files: what of a folder is not ingested, in the syntax of `.gitignore`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec

from groundwire_server.domain.failure import GroundwireError

IGNORE_FILE: Final = ".groundwireignore"


class IgnoreFileError(GroundwireError):
    """An ignore file cannot be read; the message names it. What it would keep out must not be stored."""


class IgnoreFiles:
    """The ignore files of a folder and its subfolders. As in git, the deepest that has a matching pattern decides.

    Args:
        folder: the outermost folder, as given.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = os.fspath(folder)
        self._specs: dict[str, GitIgnoreSpec | None] = {}

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Return whether a path is ignored, given that no folder above it is.

        Args:
            path: below the folder, and written like it.
            is_folder: whether the path is one.

        Raises:
            IgnoreFileError: when an ignore file above it cannot be read.
        """
        for above in self._folders_above(path):
            spec = self._spec(above)
            if spec is None:
                continue
            relative = os.path.relpath(path, above) + ("/" if is_folder else "")
            included = spec.check_file(relative).include
            if included is not None:
                return included
        return False

    def ignores_below(self, path: str) -> bool:
        """Return whether a path, or a folder above it, is ignored.

        Raises:
            IgnoreFileError: when an ignore file above it cannot be read.
        """
        above = [each for each in self._folders_above(path) if each != self._folder]
        return any(self.ignores(each, is_folder=True) for each in above) or self.ignores(path, is_folder=False)

    def _folders_above(self, path: str) -> Iterator[str]:
        """Yield the folders above a path, from the deepest to the outermost."""
        while path != self._folder:
            path = os.path.dirname(path)  # noqa: PTH120  # a Path for each folder of each file takes long
            yield path

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            self._specs[folder] = _read(Path(folder, IGNORE_FILE))
        return self._specs[folder]


def _read(path: Path) -> GitIgnoreSpec | None:
    try:
        return GitIgnoreSpec.from_lines(path.read_text(encoding="utf-8-sig").splitlines())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failed:
        raise IgnoreFileError(f"{path} cannot be read: {failed.strerror}") from None
    except UnicodeDecodeError:
        raise IgnoreFileError(f"{path} is not UTF-8: convert it") from None
    except ValueError as wrong:
        raise IgnoreFileError(f"{path} has a line that is no pattern of .gitignore: {wrong}") from None
