"""Counting what a recogniser of personal data finds: right, missed, and where nothing is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.guards.data import LabelledSpan, PersonalText
from groundwire_server.domain.guards.finding import Finding

Find = Callable[[str], Sequence[Finding]]
"""Finds spans with the categories of the labels."""


@dataclass
class Counts:
    """What was found of one category.

    Attributes:
        labelled: pieces of personal data.
        recalled: of these, how many a finding of the category overlaps.
        exact: of these, how many have exactly the bounds of a finding.
        found: findings.
        right: of these, how many overlap a piece of the category.
        lookalikes: pieces that only look like the category, and that a finding of it overlaps.
    """

    labelled: int = 0
    recalled: int = 0
    exact: int = 0
    found: int = 0
    right: int = 0
    lookalikes: int = 0

    @property
    def recall(self) -> float:
        return self.recalled / self.labelled if self.labelled else 0.0

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    def add(self, other: "Counts") -> None:
        """Count what another has counted too."""
        for name in ("labelled", "recalled", "exact", "found", "right", "lookalikes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def row(self) -> Mapping[str, float]:
        """Return the figures that are published."""
        return {
            "pieces": self.labelled,
            "recall": round(self.recall, 3),
            "exact": round(self.exact / self.labelled, 3) if self.labelled else 0.0,
            "findings": self.found,
            "precision": round(self.precision, 3),
            "lookalikes": self.lookalikes,
        }


@dataclass
class Recognition:
    """What was found in labelled texts.

    Attributes:
        counts: by category.
        missed: the labelled pieces without a finding, with their texts.
        wrong: the findings that overlap no piece of their category, with their texts.
    """

    counts: dict[str, Counts] = field(default_factory=dict)
    missed: list[tuple[PersonalText, LabelledSpan]] = field(default_factory=list)
    wrong: list[tuple[PersonalText, Finding]] = field(default_factory=list)

    def overall(self, categories: Sequence[str]) -> Counts:
        """Return the counts of some categories together."""
        total = Counts()
        for category in categories:
            total.add(self.counts.get(category, Counts()))
        return total


def recognised(find: Find, texts: Sequence[PersonalText]) -> Recognition:
    """Return what is found in labelled texts."""
    result = Recognition()
    for text in texts:
        findings = find(text.text)
        for span in text.personal:
            counts = result.counts.setdefault(span.category, Counts())
            same = [each for each in findings if each.category == span.category]
            counts.labelled += 1
            counts.exact += any((each.start, each.end) == (span.start, span.end) for each in same)
            if any(_overlap(each, span) for each in same):
                counts.recalled += 1
            else:
                result.missed.append((text, span))
        for finding in findings:
            counts = result.counts.setdefault(finding.category, Counts())
            counts.found += 1
            if any(_overlap(finding, span) for span in text.personal if span.category == finding.category):
                counts.right += 1
            else:
                result.wrong.append((text, finding))
        for span in text.lookalikes:
            same = [each for each in findings if each.category == span.category]
            result.counts.setdefault(span.category, Counts()).lookalikes += any(_overlap(each, span) for each in same)
    return result


def _overlap(finding: Finding, span: LabelledSpan) -> bool:
    return finding.start < span.end and span.start < finding.end
