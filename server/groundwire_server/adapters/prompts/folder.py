"""The operator's folder of prompts: `<name>/<version>.jinja`, and `labels.yaml` beside the names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from groundwire_server.domain.prompts.registry import (
    MOST_BYTES,
    NAME_PATTERN,
    VERSION_PATTERN,
    PromptLabel,
    PromptOrigin,
    PromptRegistry,
    PromptVersion,
)
from groundwire_server.files.small import UnreadableFileError, text_of
from groundwire_server.options.yaml_text import InvalidYamlError, parse_yaml

LABELS: Final = "labels.yaml"
SUFFIX: Final = ".jinja"

_LIKE_LABELS: Final = (LABELS, "labels.yml")
_LIKE_TEMPLATES: Final = (SUFFIX, ".jinja2", ".j2")

_MOST_LABEL_BYTES: Final = 65_536
_MOST_FILES: Final = 1000
"""Templates in one folder: more are another folder."""


@dataclass(frozen=True, slots=True)
class FolderFault:
    """A file of a folder that cannot be used.

    Attributes:
        file: its path.
        line: counts from 1; 0 for the file as a whole.
        message: what is wrong, and what to do.
    """

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        # A name of a file may hold line ends, and what terminals act on.
        file = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in str(self.file))
        return f"{file}:{self.line}: {self.message}" if self.line else f"{file}: {self.message}"


@dataclass(frozen=True, slots=True)
class PromptFolder:
    """What a folder holds; it is used whole, or, with a fault, not at all.

    Attributes:
        folder: its path; None where there is none.
        lines: the line of each label, by prompt and label.
        faults: what cannot be read.
    """

    folder: Path | None = None
    versions: tuple[PromptVersion, ...] = ()
    labels: tuple[PromptLabel, ...] = ()
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    faults: tuple[FolderFault, ...] = ()

    def dangling(self, registry: PromptRegistry) -> Iterator[FolderFault]:
        """Yield a fault for each label that points at a version that a registry has not."""
        for each in self.labels:
            if (each.prompt, each.version) not in registry.versions:
                there = ", ".join(registry.numbers(each.prompt)) or "no version of it"
                message = f"{each.prompt}.{each.label} points at {each.version}, which there is not; there are: {there}"
                yield FolderFault((self.folder or Path()) / LABELS, self.lines[each.prompt, each.label], message)

    def file(self, name: str, version: str) -> Path:
        """Return the file of a version."""
        return (self.folder or Path()) / name / f"{version}{SUFFIX}"


NO_FOLDER: Final = PromptFolder()


def read_folder(folder: Path) -> PromptFolder:
    """Read all versions and labels, without a look at what the templates say."""
    try:
        if not folder.is_dir():
            there = folder.exists()
            what = "is a file: name a folder" if there else "does not exist: `groundwire prompts init` makes one"
            return PromptFolder(folder, faults=(FolderFault(folder, 0, what),))
        templates, misnamed = list(_templates(folder)), list(_misnamed(folder))
    except OSError as failed:
        fault = FolderFault(Path(failed.filename or folder), 0, f"cannot be read: {failed.strerror}")
        return PromptFolder(folder, faults=(fault,))
    if len(templates) > _MOST_FILES:
        fault = FolderFault(folder, 0, f"holds more than {_MOST_FILES} templates: is it the right folder?")
        return PromptFolder(folder, faults=(fault,))
    read = [_version(file) for file in templates]
    versions = tuple(each for each in read if isinstance(each, PromptVersion))
    labels, lines, faults = _labels(folder / LABELS)
    unread = (each for each in read if isinstance(each, FolderFault))
    return PromptFolder(folder, versions, tuple(labels), lines, (*unread, *misnamed, *faults))


def watched(folder: Path) -> Sequence[Path]:
    """Return the files and folders that change when anything in it does."""
    try:
        inside = [each for each in _folders(folder) if each.is_dir()]
        return [folder, folder / LABELS, *inside, *_templates(folder)]
    except OSError:
        return [folder]


def _folders(folder: Path) -> Iterator[Path]:
    """Yield the folders of prompts in order; hidden ones are those of version control and of mounted volumes."""
    yield from (each for each in sorted(folder.iterdir()) if each.is_dir() and not each.name.startswith("."))


def _templates(folder: Path) -> Iterator[Path]:
    for each in _folders(folder):
        yield from sorted(file for file in each.iterdir() if file.suffix == SUFFIX and not file.name.startswith("."))


def _misnamed(folder: Path) -> Iterator[FolderFault]:
    """Yield a fault for each file that would be passed over although it looks like a template, or like labels."""
    for file in sorted(folder.iterdir()):
        if file.name.lower() in _LIKE_LABELS and file.name != LABELS:
            yield FolderFault(file, 0, f"is not read: name it {LABELS}")
        elif file.suffix.lower() in _LIKE_TEMPLATES and not file.is_dir():
            yield FolderFault(file, 0, f"is not read here: move it to <name of the prompt>/<version>{SUFFIX}")
    for each in _folders(folder):
        for file in sorted(each.iterdir()):
            hidden = file.name.startswith(".")
            if file.suffix.lower() in _LIKE_TEMPLATES and file.suffix != SUFFIX and not hidden:
                yield FolderFault(file, 0, f"is not read: name it {file.stem}{SUFFIX}")


def _version(file: Path) -> PromptVersion | FolderFault:
    name, version = file.parent.name, file.name.removesuffix(SUFFIX)
    if not NAME_PATTERN.fullmatch(name):
        return FolderFault(file, 0, f"its folder must be named as a prompt is: {NAME_PATTERN.pattern}")
    if not VERSION_PATTERN.fullmatch(version):
        return FolderFault(file, 0, f"must be named by its version, three numbers such as 1.2.0{SUFFIX}")
    try:
        text = text_of(file, MOST_BYTES)
    except UnreadableFileError as why:
        return FolderFault(file, 0, str(why))
    return PromptVersion(name, version, text, PromptOrigin.FOLDER)


_Labels: TypeAlias = tuple[Sequence[PromptLabel], Mapping[tuple[str, str], int], Sequence[FolderFault]]


def _labels(file: Path) -> _Labels:
    """Return the labels of a file such as `answer: {production: 1.3.0, candidate: 1.4.0}`, with lines and faults."""
    try:
        values, lines = parse_yaml(text_of(file, _MOST_LABEL_BYTES))
    except UnreadableFileError as why:
        return (), {}, () if why.absent else (FolderFault(file, 0, str(why)),)
    except InvalidYamlError as broken:
        return (), {}, [FolderFault(file, each.line, each.sentence) for each in broken.faults]
    wrong = [FolderFault(file, *fault) for fault in _label_faults(values, lines)]
    if wrong or values is None:
        return (), {}, wrong
    found = [PromptLabel(prompt, label, version) for prompt, of in values.items() for label, version in of.items()]
    return found, {(each.prompt, each.label): lines[each.prompt, each.label] for each in found}, ()


def _label_faults(values: Any, lines: Mapping[tuple[str | int, ...], int]) -> Iterator[tuple[int, str]]:
    """Yield the line of each entry that is not a label, and why."""
    form = "must hold labels by prompt, such as `answer: {production: 1.2.0}`"
    if values is not None and not isinstance(values, dict):
        yield 1, form
        return
    for prompt, labels in (values or {}).items():
        if not isinstance(labels, dict):
            yield lines[(prompt,)], form
            continue
        for label, version in labels.items():
            if not NAME_PATTERN.fullmatch(label):
                yield lines[prompt, label], f"a label must be named by {NAME_PATTERN.pattern}, such as production"
            elif not isinstance(version, str) or not VERSION_PATTERN.fullmatch(version):
                message = f"{prompt}.{label} must point at a version, three numbers such as 1.2.0"
                yield lines[prompt, label], message
