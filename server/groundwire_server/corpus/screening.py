"""Screening of documents before they are stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.corpus.measure import windows
from groundwire_server.domain.document import Document
from groundwire_server.domain.guards.finding import Finding, Flag, GuardActions, GuardIdentity
from groundwire_server.domain.quarantine import DocumentFinding
from groundwire_server.domain.vocabulary import GuardAction, Screen
from groundwire_server.ports.guard import LocalGuard

MOST_FINDINGS: Final = 8
"""Stretches of one guard and category that are kept for the operator who reviews a document."""

_LONGEST_RULE: Final = 100
"""Characters of a rule's name that are kept with a finding."""

_OVERLAP: Final = 1_000
"""Code points before a window that are looked at with it, so that what goes across its beginning is found."""


@dataclass(frozen=True, slots=True)
class DocumentGuard:
    """A guard of documents, and what its findings lead to: QUARANTINE or FLAG."""

    identity: GuardIdentity
    actions: GuardActions
    guard: LocalGuard


class ScreenedDocument:
    """What guards found in a document, filled in as they look."""

    def __init__(self) -> None:
        self._texts: dict[Flag, set[bool]] = {}
        self._findings: dict[tuple[str, str], list[DocumentFinding]] = {}

    @property
    def flags(self) -> Mapping[Flag, int]:
        """What was found, each with the number of texts that had it: the title and the text."""
        return {flag: len(texts) for flag, texts in self._texts.items()}

    @property
    def findings(self) -> tuple[DocumentFinding, ...]:
        """Why the document is held back: at most MOST_FINDINGS of each guard and category; none if it is not."""
        return tuple(finding for some in self._findings.values() for finding in some)

    def add(self, guard: DocumentGuard, finding: Finding, *, in_title: bool, offset: int) -> None:
        """Add a finding, unless its category is ignored.

        Args:
            guard: that found it.
            finding: in a stretch of a text.
            in_title: whether the text is the title.
            offset: of the stretch in the text, in code points.
        """
        action = guard.actions.of(finding.category)
        if action is None:
            return
        flag = Flag(Screen.DOCUMENT, guard.identity, finding.category, action)
        self._texts.setdefault(flag, set()).add(in_title)
        if action is GuardAction.QUARANTINE:
            start, end = offset + finding.start, offset + finding.end
            rule = finding.rule[:_LONGEST_RULE]
            found = DocumentFinding(guard.identity, finding.category, rule, in_title, start, end)
            kept = self._findings.setdefault(found.reason, [])
            if len(kept) < MOST_FINDINGS:
                kept.append(found)


class DocumentScreen:
    """The guards that every document passes.

    Args:
        guards: in the order in which they look.
    """

    def __init__(self, guards: Sequence[DocumentGuard]) -> None:
        self._guards = guards

    def look(self, tenant: str, document: Document) -> Iterator[ScreenedDocument]:
        """Look at a document, a window of its text at a time; yield what was found so far after each.

        Args:
            tenant: whose document it is.
            document: that is looked at.
        """
        guards = [each for each in self._guards if each.actions.tenants is None or tenant in each.actions.tenants]
        screened = ScreenedDocument()
        for guard in guards:
            for finding in guard.guard.find(document.title):
                screened.add(guard, finding, in_title=True, offset=0)
        start = 0
        for window in windows(document.text):
            begin, end = _overlapping(document.text, start), start + len(window)
            stretch = document.text[begin:end]
            for guard in guards:
                for finding in guard.guard.find(stretch):
                    # What ends before the window was found with the one before it.
                    if begin + finding.end > start:
                        screened.add(guard, finding, in_title=False, offset=begin)
            start = end
            yield screened


def _overlapping(text: str, start: int) -> int:
    """Return where a window is looked at from: a beginning of a line before it, where there is one."""
    earliest = max(0, start - _OVERLAP)
    line = text.find("\n", earliest, start)
    return earliest if line < 0 else line + 1
