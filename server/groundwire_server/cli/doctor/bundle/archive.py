"""Writing a bundle, and showing first what it holds."""

import io
import os
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from groundwire_server.cli.console import Terminal
from groundwire_server.cli.doctor.bundle.members import Member
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.sizes import size

_FOLDER = "groundwire-support"


def check_path(path: Path) -> None:
    """Make sure that a bundle can be written under a name, before the work for it begins.

    Raises:
        CommandError: when the name is another kind of file's, or is taken.
    """
    if not path.name.endswith((".tar.gz", ".tgz")):
        raise CommandError(ExitCode.USAGE, f"--bundle {path}: name a file that ends in .tar.gz")
    if path.exists():
        raise CommandError(ExitCode.USAGE, f"--bundle {path} is there already: name another file")


def show_members(members: Sequence[Member]) -> None:
    """Print what a bundle holds, one file a line."""
    console = Terminal()
    width = max(len(member.name) for member in members)
    for member in members:
        lead = Text.assemble((f"{member.name:<{width}} ", "bold"), f"{size(len(member.text.encode())):>9}  ")
        line = Text(member.about)
        if member.redacted:
            line.append(f"; redacted {member.redacted} time{'' if member.redacted == 1 else 's'}", style="yellow")
        console.hang(lead, line)


def write(path: Path, members: Sequence[Member]) -> None:
    """Write a bundle that only this user can read.

    Raises:
        CommandError: when it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            for member in members:
                data = member.text.encode()
                entry = tarfile.TarInfo(f"{_FOLDER}/{member.name}")
                entry.size, entry.mtime, entry.mode = len(data), int(time.time()), 0o600
                archive.addfile(entry, io.BytesIO(data))
    except OSError as failed:
        raise CommandError(ExitCode.FAILED, f"{path} cannot be written: {failed.strerror}") from None
