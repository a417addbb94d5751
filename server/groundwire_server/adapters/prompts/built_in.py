"""The templates that come with the server: prompts as a starting point for others, and those of models that judge."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from groundwire_server.domain.prompts.registry import PromptOrigin, PromptVersion, UnknownPromptError, version_order

_FOLDER: Final = Path(__file__).parent / "templates"


def built_in_versions() -> Sequence[PromptVersion]:
    """Return the versions of prompts that come with the server."""
    return [
        PromptVersion(file.parent.name, file.stem, file.read_text("utf-8"), PromptOrigin.BUILT_IN)
        for file in sorted(_FOLDER.glob("*/*.jinja"))
    ]


def read_version(folder: Path, version: str | None, whose: str) -> tuple[str, str]:
    """Return a version of a template that only the server has, such as that of a rewriter or a checker, and its text.

    Args:
        folder: holds one file a version, `<version>.jinja`.
        version: the newest if None.
        whose: names what the template is for, in the plural.

    Raises:
        UnknownPromptError: with the versions that there are.
    """
    files = {file.stem: file for file in folder.glob("*.jinja")}
    known = sorted(files, key=version_order)
    version = version or known[-1]
    if version not in files:
        raise UnknownPromptError(f"{whose} have no prompt {version!r}; they have: {', '.join(known)}")
    return version, files[version].read_text(encoding="utf-8")
