"""Versions of the prompts of models that do not answer: rewriters and checkers, which come with the server."""

from pathlib import Path

from groundwire_server.domain.prompts.registry import UnknownPromptError, version_order


def read_version(folder: Path, version: str | None, whose: str) -> tuple[str, str]:
    """Return a version of a template, and its text.

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
