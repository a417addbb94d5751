"""Claiming and deciding reviews."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import product

import pytest

from groundwire_server.adapters.answer_cache.memory import MemoryAnswerCache
from groundwire_server.adapters.answer_cache.options import AnswerCacheOptions
from groundwire_server.domain.cached_answer import AnswerKey, AnswerStamp
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.case import AnswerPlace
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.feedback import AnswerFault
from groundwire_server.domain.outcome import Abstained, Answered, Degraded
from groundwire_server.domain.policy import CachePolicy, Policy
from groundwire_server.domain.review import ReviewDecision, ReviewKind, ReviewState
from groundwire_server.domain.vocabulary import Action, CacheAccept, Cause, Loss, Reason, Verdict
from groundwire_server.ports.operations import ended
from groundwire_server.ports.reviews import reviews_changed
from groundwire_server.review.edits import Remarks
from groundwire_server.telemetry import metrics
from tests.doubles.cases import HOURS, answered_case, grounded, unanswered_case
from tests.doubles.counts import Counts
from tests.doubles.policies import built_in_policy
from tests.review.office import BY, LEASE, OPERATION, OTTO, RITA, STRANGER, TICKET, LoopClock, Office, reviewed

Decide = Callable[[Office, Caller], Awaitable[object]]

DECISIONS: dict[str, Decide] = {
    "approve": lambda office, caller: office.approve(caller),
    "edit": lambda office, caller: office.edit("At six.", caller),
    "reject": lambda office, caller: office.reject(caller),
}
CALLS: dict[str, Decide] = {
    **DECISIONS,
    "get": lambda office, caller: office.reading.shown(caller, TICKET, BY),
    "claim": lambda office, caller: office.decisions.claim(caller, TICKET, LEASE, BY),
    "release": lambda office, caller: office.decisions.release(caller, TICKET, BY),
}
STATES = {"approve": ReviewState.APPROVED, "edit": ReviewState.EDITED, "reject": ReviewState.REJECTED}


async def rejected(call: Awaitable[object]) -> Rejection:
    with pytest.raises(Rejection) as refused:
        await call
    return refused.value


async def test_an_approved_draft_is_how_its_operation_ends() -> None:
    office = Office()
    await office.claimed()
    shown = await office.approve(note="Fine.")
    (outcome,) = office.ends
    assert outcome.result == Answered(grounded("It opens at six."))
    assert outcome.report.review is not None
    assert (outcome.report.review.ticket, outcome.report.review.decision) == (TICKET, ReviewDecision.APPROVED)
    assert office.records.completed[OPERATION].result == b"1"
    assert office.records.completed[OPERATION].documents == {"hours.md"}
    assert (shown.review.state, shown.review.reviewer) == (ReviewState.APPROVED, "rita")
    assert shown.decided == shown.proposed == grounded("It opens at six.")
    assert shown.verdict is not None
    assert shown.verdict.note == "Fine."


async def test_an_edited_text_leaves_with_its_own_verdicts() -> None:
    office = Office()
    await office.claimed()
    shown = await office.edit("  At\n six. ")
    (outcome,) = office.ends
    assert outcome.result == Answered(grounded("At six."))
    assert (shown.decided, shown.proposed) == (grounded("At six."), grounded("It opens at six."))
    assert office.texts.checked == [("At six.", (HOURS,))]
    (inquiry,) = office.texts.asked
    assert (inquiry.caller, inquiry.question.text) == (RITA, "When does the desk open?")


async def test_a_rejection_ends_without_an_answer_and_keeps_what_was_wrong() -> None:
    office = Office()
    await office.claimed()
    remarks = Remarks("No.", (AnswerFault.INCORRECT,), (0,))
    shown = await office.reject(remarks=remarks)
    (outcome,) = office.ends
    assert (outcome.result, outcome.cause) == (Abstained(0, (HOURS,)), Cause.REVIEW_REJECTED)
    assert shown.decided is None
    kept = (await office.kept()).verdict
    assert kept is not None
    assert (kept.note, kept.faults, kept.wrong_sentences) == ("No.", (AnswerFault.INCORRECT,), (0,))


@pytest.mark.parametrize("decide", sorted(DECISIONS))
async def test_whoever_waits_for_the_operation_or_watches_is_woken_at_once(decide: str) -> None:
    office = Office()
    await office.claimed()
    async with office.wakeups.subscribed(ended(OPERATION)) as one, office.wakeups.subscribed("reviews:acme") as two:
        await DECISIONS[decide](office, RITA)
        assert await one.wait(0.0)
        assert await two.wait(0.0)
    assert reviews_changed("acme") == "reviews:acme"


@pytest.mark.parametrize("decide", sorted(DECISIONS))
async def test_the_same_decision_again_returns_the_review_and_decides_nothing(decide: str) -> None:
    office = Office()
    await office.claimed()
    first = await DECISIONS[decide](office, RITA)
    again = await DECISIONS[decide](office, RITA)
    assert again == first
    assert len(office.ends) == 1
    assert [entry.event for entry in office.records.trail.entries["acme"]].count(
        f"review.{STATES[decide].lower()}"
    ) == 1


OTHERS = [
    (first, then, caller)
    for first, then, caller in product(sorted(DECISIONS), sorted(DECISIONS), (RITA, OTTO))
    if first != then or caller is not RITA
]


@pytest.mark.parametrize(("first", "then", "caller"), OTHERS, ids=lambda part: getattr(part, "subject", part))
async def test_another_decision_of_a_decided_review_is_refused(first: str, then: str, caller: Caller) -> None:
    office = Office()
    await office.claimed()
    await DECISIONS[first](office, RITA)
    refused = await rejected(DECISIONS[then](office, caller))
    assert (refused.reason, refused.metadata) == (Reason.REVIEW_DECIDED, {"ticket": TICKET})
    assert len(office.ends) == 1


async def test_the_same_edit_with_another_text_is_another_decision() -> None:
    office = Office()
    await office.claimed()
    await office.edit("At six.")
    assert (await rejected(office.edit("At seven."))).reason is Reason.REVIEW_DECIDED
    assert (await office.edit(" At  six. ")).review.state is ReviewState.EDITED


@pytest.mark.parametrize("remarks", [Remarks("Another note."), Remarks(faults=(AnswerFault.INCORRECT,))])
async def test_the_same_decision_with_other_remarks_is_another_decision(remarks: Remarks) -> None:
    office = Office()
    await office.claimed()
    await office.reject()
    assert (await rejected(office.reject(remarks=remarks))).reason is Reason.REVIEW_DECIDED
    kept = (await office.kept()).verdict
    assert kept is not None
    assert (kept.note, kept.faults) == ("", ())


async def test_the_same_edit_again_returns_the_review_although_guards_have_masked_it() -> None:
    office = Office()
    await office.claimed()
    office.texts.masks = {"rita@acme.example": "EMAIL"}
    edited = await office.edit("Ask rita@acme.example. At six.")
    assert edited.decided is not None
    assert "[EMAIL]" in edited.decided.text
    assert await office.edit("Ask rita@acme.example. At six.") == edited
    assert (await rejected(office.edit("Ask rita@acme.example. At ten."))).reason is Reason.REVIEW_DECIDED
    assert len(office.ends) == 1


@pytest.mark.parametrize("decide", sorted(DECISIONS))
async def test_only_who_holds_the_claim_decides(decide: str) -> None:
    office = Office()
    await office.open()
    assert (await rejected(DECISIONS[decide](office, RITA))).reason is Reason.REVIEW_NOT_CLAIMED
    await office.decisions.claim(OTTO, TICKET, LEASE, BY)
    assert (await rejected(DECISIONS[decide](office, RITA))).reason is Reason.REVIEW_NOT_CLAIMED
    assert (office.ends, office.texts.checked) == ([], [])


@pytest.mark.parametrize("decide", sorted(DECISIONS))
async def test_a_claim_that_has_lapsed_decides_nothing(decide: str) -> None:
    office = Office()
    await office.claimed()
    office.clock.now = lambda: 1000.0 + LEASE  # type: ignore[method-assign]
    assert (await rejected(DECISIONS[decide](office, RITA))).reason is Reason.REVIEW_NOT_CLAIMED


async def test_a_review_that_another_holds_says_how_long() -> None:
    office = Office()
    await office.claimed()
    refused = await rejected(office.decisions.claim(OTTO, TICKET, LEASE, BY))
    assert refused.reason is Reason.REVIEW_CLAIMED
    assert refused.retry_after == pytest.approx(LEASE, abs=1.0)


async def test_a_decision_of_what_has_changed_is_refused() -> None:
    office = Office()
    review = await office.open()
    shown = await office.decisions.claim(RITA, TICKET, LEASE, BY)
    assert shown.review.etag != review.etag
    assert (await rejected(office.approve(etag=review.etag))).reason is Reason.REVIEW_CHANGED
    await office.approve(etag=shown.review.etag)


@pytest.mark.parametrize("call", sorted(CALLS))
async def test_a_review_of_another_tenant_is_as_if_there_were_none(call: str) -> None:
    office = Office()
    await office.claimed()
    refused = await rejected(CALLS[call](office, STRANGER))
    assert (refused.reason, refused.metadata) == (Reason.REVIEW_NOT_FOUND, {"ticket": TICKET})
    assert (await office.kept()).review.state is ReviewState.CLAIMED
    assert "umbrella" not in office.records.trail.entries


@pytest.mark.parametrize("call", sorted(CALLS))
async def test_where_a_second_person_decides_the_one_who_asked_neither_reads_nor_decides(call: str) -> None:
    office = Office(policy=reviewed(second_person=True))
    await office.claimed()
    ann = replace(RITA, subject="ann")
    assert (await rejected(CALLS[call](office, ann))).reason is Reason.REVIEW_OWN
    office.policy = reviewed()
    await office.reading.shown(ann, TICKET, BY)


@pytest.mark.parametrize("call", sorted(CALLS))
async def test_the_end_user_for_whom_was_asked_is_not_a_second_person(call: str) -> None:
    office = Office(policy=reviewed(second_person=True))
    await office.claimed(case=answered_case(subject="portal", end_user_id="ann"))
    assert (await rejected(CALLS[call](office, replace(RITA, subject="ann")))).reason is Reason.REVIEW_OWN
    await office.reading.shown(OTTO, TICKET, BY)


@pytest.mark.parametrize(("asked", "decides"), [("ann", "tickets:ann"), ("tickets:ann", "ann")])
async def test_a_prefix_of_a_ticketing_system_makes_no_second_person(asked: str, decides: str) -> None:
    office = Office(policy=reviewed(second_person=True))
    await office.claimed(case=answered_case(subject=asked))
    assert (await rejected(office.approve(replace(RITA, subject=decides)))).reason is Reason.REVIEW_OWN
    await office.approve()


@pytest.mark.parametrize(
    "policy",
    [None, built_in_policy(), reviewed(reviewers=False)],
    ids=["the route is gone", "it has no rules", "it has no reviewers"],
)
async def test_a_second_person_decides_where_the_rules_of_the_route_are_gone(policy: Policy | None) -> None:
    office = Office(policy=reviewed(second_person=True))
    await office.claimed()
    office.policy = policy
    assert (await rejected(office.approve(replace(RITA, subject="ann")))).reason is Reason.REVIEW_OWN
    await office.approve()


async def test_without_a_draft_nothing_can_be_approved_but_edited_and_rejected() -> None:
    office = Office()
    await office.claimed(case=unanswered_case(), cause=Cause.MODEL_UNAVAILABLE)
    assert (await rejected(office.approve())).reason is Reason.REVIEW_NO_DRAFT
    await office.edit("At six.")
    assert office.ends[0].cause is Cause.MODEL_UNAVAILABLE


@pytest.mark.parametrize("decide", sorted(DECISIONS))
@pytest.mark.parametrize("kind", [ReviewKind.SAMPLE, ReviewKind.BLOCK])
async def test_a_decision_on_which_nobody_waits_ends_no_operation(decide: str, kind: ReviewKind) -> None:
    office = Office()
    case = unanswered_case() if kind is ReviewKind.BLOCK else answered_case()
    await office.claimed(kind=kind, case=case)
    await DECISIONS[decide](office, RITA)
    assert (await office.kept()).review.state is STATES[decide]
    assert (office.ends, office.records.completed) == ([], {})


async def test_a_sentence_that_is_wrong_is_one_that_the_draft_has() -> None:
    office = Office()
    await office.claimed()
    refused = await rejected(office.reject(remarks=Remarks(wrong_sentences=(1,))))
    assert (refused.reason, refused.violations[0].field) == (Reason.INVALID_REQUEST, "wrong_sentences")


class TestEdits:
    """What a reviewer writes is checked as a model's text is."""

    async def test_a_text_is_validated_without_a_decision(self) -> None:
        office = Office()
        await office.claimed()
        office.texts.verdict = Verdict.UNSUPPORTED
        shown = await office.edit("At six. And at seven.", validate_only=True)
        assert shown.decided is not None
        assert (shown.decided.text, shown.below_minimum) == ("At six. And at seven.", (0, 1))
        assert (shown.review.state, office.ends) == (ReviewState.CLAIMED, [])

    async def test_what_is_not_supported_is_refused_with_its_sentences(self) -> None:
        office = Office()
        await office.claimed()
        office.texts.verdict = Verdict.UNSUPPORTED
        refused = await rejected(office.edit("At six. And at seven."))
        assert (refused.reason, refused.metadata) == (Reason.REVIEW_TEXT_UNSUPPORTED, {"sentences": "0,1"})
        assert (await office.kept()).review.state is ReviewState.CLAIMED

    @pytest.mark.parametrize(("allowed", "accepted"), [(True, False), (False, True), (True, True)])
    async def test_it_leaves_marked_where_route_and_request_allow_it(self, allowed: bool, accepted: bool) -> None:
        office = Office(policy=reviewed(allow_unsupported=allowed))
        await office.claimed()
        office.texts.verdict = Verdict.UNSUPPORTED
        if not (allowed and accepted):
            refused = await rejected(office.edit("At six.", accept_unsupported=accepted))
            assert refused.reason is Reason.REVIEW_TEXT_UNSUPPORTED
            return
        await office.edit("At six.", accept_unsupported=True)
        assert isinstance(office.ends[0].result, Degraded)
        assert office.ends[0].result.losses == (Loss.SENTENCES_BELOW_MINIMUM,)

    @pytest.mark.parametrize(
        ("text", "rule"),
        [
            (" \0 \n", "review.blank"),
            ("\0", "review.blank"),
            ("\u200b\u202e\ufeff", "review.blank"),
            ("\u2800", "review.blank"),
            ("...", "review.blank"),
            ("x" * 101, "review.length"),
        ],
    )
    async def test_a_text_without_words_or_too_long_is_refused_unchecked(self, text: str, rule: str) -> None:
        office = Office(policy=reviewed(display_limit=100))
        await office.claimed()
        refused = await rejected(office.edit(text))
        assert (refused.reason, refused.violations[0].field) == (Reason.INVALID_REQUEST, "text")
        assert refused.violations[0].rule == rule
        assert text not in refused.violations[0].description
        assert office.texts.checked == []

    @pytest.mark.parametrize("cause", [Cause.ANSWER_FORBIDDEN, Cause.GUARD_UNAVAILABLE, Cause.TIME_EXHAUSTED])
    async def test_what_a_check_says_ends_the_call_and_the_claim_stays(self, cause: Cause) -> None:
        office = Office()
        await office.claimed()
        office.texts.fails = Failure(cause)
        with pytest.raises(Failure):
            await office.edit("At six.")
        assert (await office.kept()).review.state is ReviewState.CLAIMED

    async def test_the_text_of_a_sample_does_not_leave_and_may_be_unsupported(self) -> None:
        office = Office()
        await office.claimed(kind=ReviewKind.SAMPLE)
        office.texts.verdict = Verdict.UNSUPPORTED
        shown = await office.edit("At six.")
        assert shown.review.state is ReviewState.EDITED


class TestRoutes:
    """A route may change between the question and the decision."""

    async def test_where_it_is_gone_a_draft_can_be_approved_and_a_question_rejected(self) -> None:
        office = Office()
        await office.claimed()
        office.policy = None
        await office.approve()
        assert office.ends[0].result == Answered(grounded("It opens at six."))

    async def test_a_rejection_then_abstains_and_shows_nothing(self) -> None:
        office = Office()
        await office.claimed()
        office.policy = None
        await office.reject()
        assert office.ends[0].result == Abstained(0, ())

    async def test_an_edit_cannot_be_checked_then(self) -> None:
        office = Office()
        await office.claimed()
        office.policy = None
        refused = await rejected(office.edit("At six."))
        assert (refused.reason, refused.metadata) == (Reason.ROUTE_UNKNOWN, {"route": "default"})

    async def test_where_it_has_lost_its_reviewers_tickets_are_decided_as_before(self) -> None:
        office = Office()
        await office.claimed()
        office.policy = replace(reviewed(), review=None)
        await office.edit("At six.")
        assert office.ends[0].result == Answered(grounded("At six."))

    async def test_the_row_of_now_decides_and_guards_look_at_its_passages(self) -> None:
        rows = {Cause.REVIEW_REJECTED: (Action.PASSAGES_ONLY, Action.ABSTAIN)}
        office = Office(policy=reviewed(fallbacks=rows))
        await office.claimed()
        office.texts.hidden = frozenset({HOURS.chunk_id})
        await office.reject()
        assert office.ends[0].result == Abstained(0, ())

    @pytest.mark.parametrize("action", [Action.PASSAGES_ONLY, Action.ABSTAIN])
    async def test_passages_that_are_gone_since_do_not_stand_in_the_place_of_an_answer(self, action: Action) -> None:
        rows = {Cause.REVIEW_REJECTED: (action, Action.ABSTAIN)}
        secret, memo = replace(HOURS, chunk_id="secret"), replace(HOURS, chunk_id="memo")
        office = Office(policy=reviewed(fallbacks=rows, nearest=1))
        await office.claimed(case=replace(answered_case(), evidence=(secret, memo)))
        office.shelf.secret = frozenset({"secret"})
        await office.reject()
        result = office.ends[0].result
        assert isinstance(result, Abstained | Degraded)
        assert (result.nearest if isinstance(result, Abstained) else result.passages) == (memo,)

    async def test_without_the_store_only_passages_do_that_were_open_to_all(self) -> None:
        rows = {Cause.REVIEW_REJECTED: (Action.PASSAGES_ONLY, Action.ABSTAIN)}
        office = Office(policy=reviewed(fallbacks=rows))
        staff = replace(HOURS, chunk_id="staff", allowed_principals=frozenset({"staff"}))
        await office.claimed(case=replace(answered_case(), evidence=(staff, HOURS)))
        office.shelf.cause = Cause.STORE_UNAVAILABLE
        await office.reject()
        result = office.ends[0].result
        assert isinstance(result, Degraded)
        assert result.passages == (HOURS,)


PLACE = AnswerPlace(AnswerKey("acme", "default", b"key"), AnswerStamp(b"stamp", "7"))
KEEPING = CachePolicy(accept=CacheAccept.VERIFIED)


def answers() -> MemoryAnswerCache:
    return MemoryAnswerCache(AnswerCacheOptions(), LoopClock(), Counts())


class TestSeeding:
    """A decided answer may stand in for later calls."""

    @pytest.mark.parametrize("decide", ["approve", "edit"])
    async def test_it_is_kept_where_its_case_would_have_been(self, decide: str) -> None:
        office = Office(cache=answers(), policy=reviewed(seed_cache=True, cache=KEEPING))
        await office.claimed(case=replace(answered_case(), place=PLACE))
        await DECISIONS[decide](office, RITA)
        assert office.cache is not None
        kept = await office.cache.get(PLACE.key)
        assert kept is not None
        assert isinstance(office.ends[0].result, Answered)
        assert (kept.answer, kept.stamp) == (office.ends[0].result.answer, PLACE.stamp)
        assert (kept.evidence, kept.subject) == ((HOURS,), "ann")

    @pytest.mark.parametrize(
        ("policy", "case"),
        [
            (reviewed(seed_cache=False, cache=KEEPING), replace(answered_case(), place=PLACE)),
            (reviewed(seed_cache=True, cache=None), replace(answered_case(), place=PLACE)),
            (reviewed(seed_cache=True, cache=KEEPING), replace(answered_case(), place=PLACE, complete=False)),
            (
                reviewed(seed_cache=True, cache=KEEPING),
                answered_case(draft=grounded("It opens at six.", verdict=Verdict.CONSISTENT)),
            ),
            (
                reviewed(seed_cache=True, cache=KEEPING),
                replace(answered_case(), place=PLACE, evidence=(replace(HOURS, trusted=False),)),
            ),
            (
                reviewed(seed_cache=True, cache=KEEPING),
                replace(answered_case(draft=grounded("It opens at six.", verdict=Verdict.UNSUPPORTED)), place=PLACE),
            ),
        ],
        ids=["not wanted", "no cache", "incomplete", "no place", "distrusted", "below the minimum"],
    )
    async def test_nothing_else_is(self, policy: object, case: object) -> None:
        office = Office(cache=answers(), policy=policy)  # type: ignore[arg-type]
        await office.claimed(case=case)
        await office.approve()
        assert office.cache is not None
        assert await office.cache.get(PLACE.key) is None

    async def test_a_rejected_one_is_not(self) -> None:
        office = Office(cache=answers(), policy=reviewed(seed_cache=True, cache=KEEPING))
        await office.claimed(case=replace(answered_case(), place=PLACE))
        await office.reject()
        assert office.cache is not None
        assert await office.cache.get(PLACE.key) is None


async def test_decisions_are_counted_timed_and_traced_without_texts(caplog: pytest.LogCaptureFixture) -> None:
    office = Office()
    await office.claimed()
    with caplog.at_level("INFO"):
        await office.edit("At six, says canary.")
    assert "canary" not in caplog.text
    assert "canary" not in office.spans.everything()
    about = office.spans.attributes("review decide")
    assert about == {"groundwire.review.ticket": TICKET, "groundwire.review.decision": "EDITED"}
    assert office.counts.of(metrics.REVIEWS_ENDED, "default", "APPROVAL", "EDITED") == 1
    assert len(office.counts.values(metrics.REVIEW_DURATION, "default", "APPROVAL")) == 1
