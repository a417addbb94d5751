"""Documents in quarantine: guards object to them, and no search finds them until an operator releases them.

Every store keeps them without knowing of them, by what it keeps of any document. A document in quarantine has no
passages; each entry of its access list stands behind a mark that no caller's principals have; and a key of its metadata
that no caller can write or filter by says what was found. A released document has passages and its own access list
again, and a key that says which text was released: the same text is not held again for the same reasons.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.document import Document, DocumentInfo
from groundwire_server.domain.guards.finding import GuardIdentity
from groundwire_server.domain.metadata import Metadata, MetadataValue

RESERVED_PRINCIPAL: Final = "\x1f"
"""What reserved entries of access lists begin with. Principals of callers are printable, so nobody has such a one."""

QUARANTINED: Final = "groundwire.quarantined"
_RELEASED: Final = "groundwire.released"
RESERVED_KEYS: Final = frozenset({QUARANTINED, _RELEASED})
"""Keys of metadata that tell the state of a document. The contract allows no dot in a key."""

_ADMITTED_AFTER_RELEASE: Final = f"{RESERVED_PRINCIPAL}quarantined:"
_SCREENED: Final = f"{RESERVED_PRINCIPAL}screened"
"""Entry of every document that is or was in quarantine: by it ingest finds the document, no matter who may see it."""


@dataclass(frozen=True, slots=True)
class DocumentFinding:
    """A stretch of a document that a guard objects to.

    Attributes:
        guard: that found it.
        category: the kind of content.
        rule: which of the guard's rules found it.
        in_title: whether it is in the title, not in the text.
        start: where it begins, in code points.
        end: where it ends; exclusive.
    """

    guard: GuardIdentity
    category: str
    rule: str
    in_title: bool
    start: int
    end: int

    @property
    def reason(self) -> tuple[str, str]:
        """The name of the guard and the category."""
        return self.guard.name, self.category


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Why a document is held back.

    Attributes:
        content_hash: of the document as it was sent.
        findings: at least one of each guard and category.
    """

    content_hash: str
    findings: tuple[DocumentFinding, ...]

    @property
    def stored_hash(self) -> str:
        """The content hash under which it is stored: another one than without the quarantine, or for other reasons."""
        return hashlib.sha256(json.dumps([self.content_hash, _reasons(self.findings)]).encode()).hexdigest()

    def hold(self, document: Document) -> Document:
        """Return a document as it is stored in quarantine."""
        found = [
            [each.guard.name, each.guard.version, each.category, each.rule, each.in_title, each.start, each.end]
            for each in self.findings
        ]
        held = {_ADMITTED_AFTER_RELEASE + principal for principal in document.allowed_principals}
        return replace(
            document,
            metadata={**document.metadata, QUARANTINED: json.dumps([self.content_hash, found])},
            allowed_principals=frozenset({_SCREENED, *held}),
        )


@dataclass(frozen=True, slots=True)
class Release:
    """What an operator has released.

    Attributes:
        text_hash: of the title and the text.
        reasons: guards and categories that do not hold this text any more.
    """

    text_hash: str
    reasons: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, document: Document, quarantine: Quarantine) -> "Release":
        """Return the release of a document from its quarantine."""
        return cls(_text_hash(document), frozenset(each.reason for each in quarantine.findings))

    def is_of(self, document: Document) -> bool:
        """Return whether a document has the title and the text that were released."""
        return self.text_hash == _text_hash(document)

    def covers(self, findings: Iterable[DocumentFinding]) -> bool:
        """Return whether nothing else was found than what was reviewed."""
        return self.reasons.issuperset(each.reason for each in findings)

    def mark(self, document: Document) -> Document:
        """Return a document as it is stored once it is released."""
        return replace(
            document,
            metadata={**document.metadata, _RELEASED: json.dumps([self.text_hash, sorted(self.reasons)])},
            allowed_principals=document.allowed_principals | {_SCREENED},
        )


def quarantine_of(info: DocumentInfo) -> Quarantine | None:
    """Return why a document is held back; None where it is not."""
    written = info.metadata.get(QUARANTINED)
    if not isinstance(written, str):
        return None
    content_hash, found = json.loads(written)
    findings = (
        DocumentFinding(GuardIdentity(name, version), category, rule, in_title, start, end)
        for name, version, category, rule, in_title, start, end in found
    )
    return Quarantine(content_hash, tuple(findings))


def release_of(info: DocumentInfo) -> Release | None:
    """Return what an operator has released of a document; None where none has."""
    written = info.metadata.get(_RELEASED)
    if not isinstance(written, str):
        return None
    text_hash, reasons = json.loads(written)
    return Release(text_hash, frozenset((name, category) for name, category in reasons))


def as_sent(info: DocumentInfo) -> DocumentInfo:
    """Return the description of a document without the marks of its state."""
    if RESERVED_KEYS.isdisjoint(info.metadata):
        return info
    quarantine = quarantine_of(info)
    principals = (each.removeprefix(_ADMITTED_AFTER_RELEASE) for each in info.allowed_principals - {_SCREENED})
    return replace(
        info,
        metadata=without_marks(info.metadata),
        allowed_principals=frozenset(principals),
        content_hash=info.content_hash if quarantine is None else quarantine.content_hash,
    )


def without_marks(metadata: Metadata) -> dict[str, MetadataValue]:
    """Return metadata without the keys that tell the state of a document."""
    return {key: value for key, value in metadata.items() if key not in RESERVED_KEYS}


def reviewing(caller: Caller) -> Caller:
    """Return who sees the documents in quarantine that a caller would see were they released.

    It sees those for everybody that are not in quarantine as well.
    """
    admitted = (_ADMITTED_AFTER_RELEASE + principal for principal in (EVERYBODY, *caller.principals))
    return replace(caller, principals=frozenset(admitted))


def also_reviewing(caller: Caller) -> Caller:
    """Return who sees what a caller sees, and the documents in quarantine that it would see were they released."""
    return replace(caller, principals=caller.principals | reviewing(caller).principals)


def ingesting(caller: Caller) -> Caller:
    """Return who sees what a caller sees, and every document that is or was in quarantine."""
    return replace(caller, principals=caller.principals | {_SCREENED})


def _reasons(findings: Iterable[DocumentFinding]) -> list[tuple[str, str]]:
    return sorted({each.reason for each in findings})


def _text_hash(document: Document) -> str:
    digest = hashlib.sha256(json.dumps([document.title, document.text_format.value]).encode())
    digest.update(document.text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
