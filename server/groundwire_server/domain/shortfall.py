"""How the sentences of an answer stand to what a route lets leave."""

from collections.abc import Iterable
from typing import Final

from groundwire_server.domain.answer import CheckedSentence, GroundedText
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Cause, Loss, ReleaseMinimum, Verdict


def shortfall(sentence: CheckedSentence, policy: Policy) -> Cause | None:
    """Return why a sentence is below what a route lets leave; None where it is not.

    One that claims nothing is never below: it decides nothing.
    """
    match sentence.verdict:
        case Verdict.NOT_A_CLAIM:
            return None
        case Verdict.CONTRADICTED:
            return Cause.CONTRADICTED
        case Verdict.UNSUPPORTED:
            return Cause.UNSUPPORTED
        case _ if sentence.support < policy.min_support:
            return Cause.UNSUPPORTED
        case verdict if policy.release.minimum is ReleaseMinimum.VERIFIED and not verdict.verifies:
            return Cause.NOT_VERIFIED
        case _:
            return None


def worst(causes: Iterable[Cause | None]) -> Cause | None:
    """Return the most serious shortfall; None where there is none."""
    found = frozenset(causes)
    return next((cause for cause in _BY_SERIOUSNESS if cause in found), None)


def below_minimum(answer: GroundedText, policy: Policy) -> tuple[int, ...]:
    """Return the sentences that are below what a route lets leave, as indexes."""
    return tuple(index for index, each in enumerate(answer.sentences) if shortfall(each, policy) is not None)


def lacking(answer: GroundedText, policy: Policy) -> dict[Loss, Cause]:
    """Return what an answer lacks by its sentences and its placeholders, each with why."""
    below = worst(shortfall(sentence, policy) for sentence in answer.sentences)
    left_out = worst(answer.left_out)
    return {
        **({} if below is None else {Loss.SENTENCES_BELOW_MINIMUM: below}),
        **({} if left_out is None else {Loss.SENTENCES_DROPPED: left_out}),
        **({Loss.TEXT_MASKED: Cause.ANSWER_FORBIDDEN} if answer.masks and policy.masking_is_loss else {}),
    }


_BY_SERIOUSNESS: Final = (Cause.CONTRADICTED, Cause.UNSUPPORTED, Cause.NOT_VERIFIED)
