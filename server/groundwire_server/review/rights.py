"""What a reviewer may see of a case: its evidence by the reviewer's own rights of now, and no verdict too early."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from groundwire_server.domain.answer import CheckedSentence, Citation, GroundedText
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.ports.retriever import Retriever

WITHHELD: Final = "withheld-"
"""How the id begins that stands for a passage which is withheld; its rank follows."""


@dataclass(frozen=True, slots=True)
class VisibleEvidence:
    """The passages of a case, split by what one reviewer may see.

    Attributes:
        passages: those that the reviewer may see, best first.
        withheld: the ranks of the others, from 1, by their chunk ids.
    """

    passages: tuple[Passage, ...]
    withheld: dict[str, int]

    def case(self, case: Case) -> Case:
        """Return a case with what may be seen of it; its question is shown as it is."""
        draft = None if case.draft is None else self.shown(case.draft)
        return replace(case, evidence=self.passages, draft=draft)

    def shown(self, text: GroundedText) -> GroundedText:
        """Return a text whose citations and conflicts say nothing of a passage that is withheld."""
        return replace(
            text,
            citations=tuple(map(self._citation, text.citations)),
            dropped_citations=tuple(map(self._citation, text.dropped_citations)),
            sentences=tuple(map(self._sentence, text.sentences)),
        )

    def _citation(self, citation: Citation) -> Citation:
        if self._visible(citation.passage.chunk_id):
            return citation
        return replace(citation, passage=Passage(self._stand_in(citation.passage.chunk_id), ""), quote="")

    def _sentence(self, sentence: CheckedSentence) -> CheckedSentence:
        if all(not each.chunk_id or self._visible(each.chunk_id) for each in sentence.conflicts):
            return sentence
        conflicts = tuple(
            each
            if not each.chunk_id or self._visible(each.chunk_id)
            else replace(each, chunk_id=self._stand_in(each.chunk_id), passage_words="")
            for each in sentence.conflicts
        )
        return replace(sentence, conflicts=conflicts)

    def _visible(self, chunk_id: str) -> bool:
        return any(each.chunk_id == chunk_id for each in self.passages)

    def _stand_in(self, chunk_id: str) -> str:
        return f"{WITHHELD}{self.withheld.get(chunk_id, 0)}"


@dataclass(frozen=True, slots=True)
class EvidenceRights:
    """Asks the stores what a reviewer may see.

    Attributes:
        retriever: returns the store of a tenant's route; None where the route is gone.
    """

    retriever: Callable[[str, str], Retriever | None]

    async def visible(self, caller: Caller, case: Case, by: Deadline) -> VisibleEvidence:
        """Return which passages of a case a caller may see now.

        A caller's own passages came with the question and are shown. While the store cannot be asked, those are shown
        alone that were open to the whole tenant.

        Args:
            caller: of the case's tenant.
            case: the question with its evidence.
            by: until when the store may be asked.
        """
        evidence = evidence_of(case)
        kept = [passage for passage in evidence if passage.document_id]
        seen = frozenset(passage.chunk_id for passage in evidence if not passage.document_id)
        if kept:
            seen |= await self._of_store(caller, kept, case.question.route, by)
        return parted(evidence, seen)

    async def _of_store(self, caller: Caller, kept: Sequence[Passage], route: str, by: Deadline) -> frozenset[str]:
        retriever = self.retriever(caller.tenant, route)
        if retriever is not None:
            try:
                return (await retriever.still_visible(caller, kept, by)).chunk_ids
            except Failure:
                pass
        return frozenset(passage.chunk_id for passage in kept if EVERYBODY in passage.allowed_principals)


def evidence_of(case: Case) -> tuple[Passage, ...]:
    """Return the evidence of a case, and after it what its draft cites that is not among it."""
    draft = case.draft
    cited = () if draft is None else (*draft.citations, *draft.dropped_citations)
    known = {passage.chunk_id for passage in case.evidence}
    beside = {each.passage.chunk_id: each.passage for each in cited if each.passage.chunk_id not in known}
    return (*case.evidence, *beside.values())


def parted(evidence: Iterable[Passage], visible: frozenset[str]) -> VisibleEvidence:
    """Return passages split by whether their chunk ids are visible."""
    ranked = list(enumerate(evidence, 1))
    return VisibleEvidence(
        tuple(passage for _, passage in ranked if passage.chunk_id in visible),
        {passage.chunk_id: rank for rank, passage in ranked if passage.chunk_id not in visible},
    )


def without_verdicts(text: GroundedText) -> GroundedText:
    """Return a text with nothing that says how far it was supported: its sentences have their spans alone.

    A citation says it too: a sentence that is not supported has none.
    """
    bare = (CheckedSentence(each.span, Verdict.NOT_A_CLAIM, 0.0, (), "") for each in text.sentences)
    return GroundedText(text.text, None, (), tuple(bare), 0.0, masks=text.masks)
