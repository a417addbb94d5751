"""What the passages behind a sentence can carry: the last word on its verdict, after the rules and the checker."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from groundwire_server.domain.answer import CheckedSentence, Conflict, Span
from groundwire_server.domain.claims.brief import introduces
from groundwire_server.domain.claims.checker import RuleChecker, without_emphasis
from groundwire_server.domain.claims.evidence import Unit
from groundwire_server.domain.guards.commands import command_in
from groundwire_server.domain.guards.particulars import Particular, missing, particulars
from groundwire_server.domain.guards.requests import request_in
from groundwire_server.domain.policy import ReleasePolicy
from groundwire_server.domain.text.words import content_words
from groundwire_server.domain.vocabulary import ConflictKind, Verdict
from groundwire_server.pipeline.judge import STANDING
from groundwire_server.pipeline.support import Source, check_sentence

_BEGINNING: Final = Span(0, 0, 0, 0, 0, 0)
_VERIFIED: Final = frozenset({Verdict.VERBATIM, Verdict.ENTAILED})


def hold_to_trust(
    text: str,
    cited: Sequence[Source],
    checked: CheckedSentence,
    rules: RuleChecker,
    question: str,
    policy: ReleasePolicy,
) -> CheckedSentence:
    """Return a sentence with the verdict that the passages which it cites can carry.

    What rests on passages alone that a guard distrusts is not verified. A link, an address, an account or a number to
    call leaves only where a trusted passage has it; a command, and what speaks of payments, credentials and contact,
    only where a trusted passage carries it. A command is not verified, whatever carries it: it claims nothing.

    Args:
        text: the sentence.
        cited: the passages that it cites.
        checked: by the rules and the checker; its citations are places among `cited`.
        rules: say whether the trusted passages carry it by themselves.
        question: that is answered; empty without one.
        policy: of the route.
    """
    command = command_in(text)
    distrusts = False in [source.passage.trusted for source in cited]
    if checked.verdict is Verdict.VERBATIM and command is None and not distrusts:
        # The trusted passage has all of its words.
        return checked
    rests_on_distrusted = False
    if distrusts:
        checked, rests_on_distrusted = _without_distrusted(text, cited, checked, rules, question)
    outside = _outside(text, cited)
    if outside:
        checked = _refused(checked, [_conflict(ConflictKind.UNTRUSTED, checked, text, each) for each in outside])
    if rests_on_distrusted or checked.verdict is Verdict.UNSUPPORTED:
        asked = request_in(text, broad=rests_on_distrusted)
        # A citation has the title and quotes the passage, and "Yes." says what was asked.
        distrusted = [each for each in cited if not each.passage.trusted]
        beside = [words for each in distrusted for words in (each.quote(text), each.passage.title)]
        beside += [] if content_words(text) else [question]
        if rests_on_distrusted and asked is None and any(_harmful(words, cited) for words in beside):
            asked = (0, len(text))
        checked = _without_requests(text, checked, command, asked)
    if policy.commands_verified or checked.verdict in (Verdict.UNSUPPORTED, Verdict.CONTRADICTED):
        return checked
    return _not_proven(text, cited, checked, command)


def _without_distrusted(
    text: str, cited: Sequence[Source], checked: CheckedSentence, rules: RuleChecker, question: str
) -> tuple[CheckedSentence, bool]:
    """Return a sentence as the trusted ones of its passages carry it, and whether it rests on the others alone."""
    trusted = [place for place, source in enumerate(cited) if source.passage.trusted]
    if checked.verdict not in STANDING:
        return checked, not trusted
    carrying = [place for place in checked.citations if place in trusted]
    if len(carrying) == len(checked.citations) or (carrying and checked.verdict in _VERIFIED):
        return replace(checked, citations=tuple(carrying)), False
    again = check_sentence(text, text, 0, [cited[place] for place in trusted], rules, question)
    if again.verdict in STANDING and _covered(text, [cited[place] for place in trusted]):
        return replace(again.placed(checked.span), citations=tuple(trusted[each] for each in again.citations)), False
    source = cited[next(place for place in checked.citations if place not in trusted)]
    conflict = Conflict(ConflictKind.UNTRUSTED, checked.span, source.passage.chunk_id, source.quote(text))
    return replace(checked, verdict=Verdict.CONSISTENT, conflicts=(*checked.conflicts, conflict)), True


def _covered(text: str, sources: Sequence[Source]) -> bool:
    """Return whether some sources have every content word of a text: rules let some through that they lack."""
    said = content_words(text)
    return said <= frozenset().union(*(source.words.occurring(said) for source in sources))


def _outside(text: str, cited: Sequence[Source]) -> list[Particular]:
    """Return the links, addresses and numbers of a sentence that none of its trusted passages has."""
    held = particulars(text)
    if not held:
        return held
    trusted = [source for source in cited if source.passage.trusted]
    keys = frozenset().union(*(source.particulars for source in trusted))
    return list(missing(held, text, keys, [f"{source.passage.title}\n{source.text}" for source in trusted]))


def _harmful(words: str, cited: Sequence[Source]) -> bool:
    """Return whether what goes along with a sentence speaks of what only a trusted passage may."""
    return request_in(words, broad=True) is not None or bool(_outside(words, cited))


def _without_requests(
    text: str, checked: CheckedSentence, command: int | None, asked: tuple[int, int] | None
) -> CheckedSentence:
    """Return a sentence that no trusted passage carries as refused where it commands, or speaks of what harms."""
    found: list[Conflict] = []
    if command is not None:
        found.append(_conflict(ConflictKind.COMMAND, checked, text, Particular(command, len(text), "")))
    if asked is not None:
        found.append(_conflict(ConflictKind.UNTRUSTED, checked, text, Particular(*asked, "")))
    return _refused(checked, found) if found else checked


def _not_proven(text: str, cited: Sequence[Source], checked: CheckedSentence, command: int | None) -> CheckedSentence:
    """Return a sentence as not verified where it, or what entails it, is a command."""
    words = ""
    source: Source | None = None
    if command is None:
        if checked.verdict is not Verdict.ENTAILED:
            return checked
        source, words = _closest(text, [cited[place] for place in checked.citations])
        if command_in(words) is None:
            return checked
    citations = checked.citations
    if checked.verdict is Verdict.NOT_A_CLAIM:
        citations = tuple(place for place, each in enumerate(cited) if each.quote(text))
        if not citations or introduces(Unit(without_emphasis(text))):
            return checked
    conflict = Conflict(
        ConflictKind.COMMAND,
        Span.within(text, command or 0, len(text)).moved(_BEGINNING, checked.span),
        "" if source is None else source.passage.chunk_id,
        words,
    )
    return replace(checked, verdict=Verdict.CONSISTENT, citations=citations, conflicts=(*checked.conflicts, conflict))


def _closest(text: str, sources: Sequence[Source]) -> tuple[Source | None, str]:
    """Return the sentence of some sources that shares most words with a text, and the source that has it."""
    said = content_words(text)
    quotes = [(source, source.quote(text)) for source in sources]
    return max(quotes, key=lambda each: len(said & content_words(each[1])), default=(None, ""))


def _refused(checked: CheckedSentence, conflicts: Sequence[Conflict]) -> CheckedSentence:
    """Return a sentence as unsupported, by conflicts that let it leave with no caution."""
    verdict = checked.verdict if checked.verdict is Verdict.CONTRADICTED else Verdict.UNSUPPORTED
    return replace(checked, verdict=verdict, support=0.0, conflicts=(*checked.conflicts, *conflicts))


def _conflict(kind: ConflictKind, checked: CheckedSentence, text: str, where: Particular) -> Conflict:
    return Conflict(kind, Span.within(text, where.start, where.end).moved(_BEGINNING, checked.span))
