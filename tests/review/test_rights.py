"""What a reviewer may see of a case."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from groundwire_server.domain.answer import Conflict, GroundedText
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage, VisiblePassages
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause, ConflictKind, Verdict
from groundwire_server.review.rights import EvidenceRights, evidence_of, parted, without_verdicts
from tests.doubles.cases import answered_case, grounded

REVIEWER = Caller("acme", "rita", frozenset({"legal"}), frozenset({Role.REVIEWER}))
BY = Deadline(2000.0)
OPEN = Passage("open#0", "Open to all.", "open", "Open", "https://open", allowed_principals=frozenset({"*"}))
SECRET = Passage("secret#0", "Secret words.", "secret", "Secret", "https://secret", allowed_principals=frozenset({"x"}))
OWN = Passage("mine", "The caller's own.")


class Shelf:
    """A store that says which passages may be seen, or nothing."""

    def __init__(self, *visible: Passage, cause: Cause | None = None) -> None:
        self._visible = frozenset(passage.chunk_id for passage in visible)
        self._cause = cause
        self.asked: list[tuple[Caller, tuple[Passage, ...]]] = []

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        self.asked.append((caller, tuple(passages)))
        if self._cause is not None:
            raise Failure(self._cause)
        return VisiblePassages(self._visible & {passage.chunk_id for passage in passages}, "7")


def rights(shelf: Shelf | None) -> EvidenceRights:
    return EvidenceRights(lambda tenant, route: shelf if (tenant, route) == ("acme", "default") else None)  # type: ignore[arg-type, return-value]


def case_of(*evidence: Passage, draft: GroundedText | None = None) -> Case:
    return replace(answered_case(draft=draft), evidence=evidence)


def conflicting(text: GroundedText, passage: Passage) -> GroundedText:
    span = text.sentences[0].span
    conflict = Conflict(ConflictKind.NUMBER, span, passage.chunk_id, "Secret words")
    return replace(text, sentences=(replace(text.sentences[0], conflicts=(conflict,)), *text.sentences[1:]))


async def test_the_store_is_asked_with_the_reviewers_rights_and_callers_passages_are_shown() -> None:
    shelf = Shelf(OPEN)
    found = await rights(shelf).visible(REVIEWER, case_of(SECRET, OPEN, OWN, draft=grounded("Six.", passage=OPEN)), BY)
    assert shelf.asked == [(REVIEWER, (SECRET, OPEN))]
    assert found.passages == (OPEN, OWN)
    assert found.withheld == {"secret#0": 1}


@pytest.mark.parametrize("cause", [Cause.STORE_UNAVAILABLE, Cause.STORE_TIMEOUT, Cause.STORE_MISCONFIGURED, None])
async def test_without_the_store_those_alone_are_shown_that_the_whole_tenant_may_see(cause: Cause | None) -> None:
    shelf = None if cause is None else Shelf(OPEN, SECRET, cause=cause)
    found = await rights(shelf).visible(REVIEWER, case_of(SECRET, OPEN, OWN, draft=grounded("Six.", passage=OPEN)), BY)
    assert (found.passages, found.withheld) == ((OPEN, OWN), {"secret#0": 1})


async def test_what_a_draft_cites_beside_its_evidence_is_asked_for_too() -> None:
    draft = grounded("It is secret.", passage=SECRET)
    case = case_of(OPEN, draft=draft)
    assert evidence_of(case) == (OPEN, SECRET)
    found = await rights(Shelf(OPEN)).visible(REVIEWER, case, BY)
    assert found.withheld == {"secret#0": 2}
    assert found.shown(draft).citations[0].passage.chunk_id == "withheld-2"


@pytest.mark.parametrize("dropped", [False, True])
def test_citations_and_conflicts_say_nothing_of_a_passage_that_is_withheld(dropped: bool) -> None:
    text = conflicting(grounded("It is secret.", passage=SECRET), SECRET)
    if dropped:
        text = replace(text, citations=(), dropped_citations=text.citations)
    shown = parted((SECRET, OPEN), frozenset({"open#0"})).shown(text)
    (citation,) = shown.dropped_citations if dropped else shown.citations
    assert (citation.passage, citation.quote) == (Passage("withheld-1", ""), "")
    (conflict,) = shown.sentences[0].conflicts
    assert (conflict.chunk_id, conflict.passage_words, conflict.kind) == ("withheld-1", "", ConflictKind.NUMBER)
    for secret in ("Secret words", "secret#0", "https://secret"):
        assert secret not in repr((shown.citations, shown.dropped_citations, shown.sentences))


def test_what_may_be_seen_stays_as_it_is() -> None:
    text = conflicting(grounded("It is open.", passage=OPEN), OPEN)
    assert parted((SECRET, OPEN), frozenset({"open#0"})).shown(text) == text


def test_a_conflict_with_no_passage_stays() -> None:
    text = grounded("It is open.", passage=OPEN)
    alone = Conflict(ConflictKind.NAME, text.sentences[0].span)
    text = replace(text, sentences=(replace(text.sentences[0], conflicts=(alone,)),))
    assert parted((OPEN,), frozenset({"open#0"})).shown(text) == text


def test_a_case_is_exported_with_what_may_be_seen_of_it() -> None:
    case = case_of(SECRET, OPEN, draft=grounded("It is secret.", passage=SECRET))
    exported = parted(case.evidence, frozenset({"open#0"})).case(case)
    assert exported.evidence == (OPEN,)
    assert exported.draft is not None
    assert exported.draft.citations[0].quote == ""
    assert exported.question == case.question


@pytest.mark.parametrize("verdict", list(Verdict))
def test_without_verdicts_two_texts_of_the_same_words_are_the_same(verdict: Verdict) -> None:
    weak = conflicting(grounded("It is secret.", "It is open.", verdict=verdict, passage=SECRET), SECRET)
    bare = without_verdicts(replace(weak, left_out=(Cause.UNSUPPORTED,), grounding_score=0.1, confidence=None))
    assert bare == without_verdicts(grounded("It is secret.", "It is open.", verdict=Verdict.VERBATIM, passage=OPEN))
    assert [each.span for each in bare.sentences] == [each.span for each in weak.sentences]
    assert (bare.text, bare.citations, bare.confidence, bare.probability) == (weak.text, (), None, None)
