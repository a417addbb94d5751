"""The page of replays: two outcomes of each call side by side."""

from collections.abc import Iterable, Iterator, Sequence

import htpy as h
from htpy import Element, Node

from groundwire_server.cli.pages.page import badge, page, section, table
from groundwire_server.cli.replay.citations import NumberedCitation, numbered_citations, numbers_of
from groundwire_server.cli.replay.columns import Titles
from groundwire_server.cli.replay.summary import summary_lines
from groundwire_server.cli.replay.words import DiffPiece, compared
from groundwire_server.cli.words import RESULTS, VERDICTS
from groundwire_server.evaluation.recording import RecordedAnswer, RecordedOutcome
from groundwire_server.evaluation.replayed import NOT_KNOWN, ReplayedCall, ReplaySummary

_STYLES = {
    "VERBATIM": "good",
    "ENTAILED": "good",
    "CONSISTENT": "near",
    "UNSUPPORTED": "bad",
    "CONTRADICTED": "bad",
    "NOT_A_CLAIM": "plain",
}


def replay_page(replayed: Sequence[ReplayedCall], titles: Titles) -> str:
    """Return the whole page; calls that came to something else stand first."""
    changed = [each for each in replayed if each.changed or each.after is None]
    same = [each for each in replayed if each not in changed]
    lines = list(summary_lines(ReplaySummary.of(replayed)))
    return page(
        "groundwire replay",
        h.p[f"{titles.before} beside {titles.after}: {lines[0]}."],
        [
            *([section("Changes", h.ul[(h.li[line] for line in lines[1:])])] if lines[1:] else []),
            *(_call(each, titles) for each in (*changed, *same)),
        ],
    )


def _call(replayed: ReplayedCall, titles: Titles) -> Element:
    before, after = replayed.before, replayed.after
    if after is None:
        one: Sequence[DiffPiece] = [DiffPiece(_text(before))]
        other: Node = [h.p[h.b[NOT_KNOWN]], h.p[replayed.missing]]
    else:
        one, changed = compared(_text(before), _text(after))
        other = _outcome(after, changed, h.ins)
    return section(
        replayed.question,
        table((titles.before, titles.after), [(_outcome(before, one, h.del_), other)]),
        note=replayed.name,
    )


def _outcome(outcome: RecordedOutcome, pieces: Iterable[DiffPiece], mark: Element) -> Node:
    facts = [outcome.prompt and f"prompt {outcome.prompt}", outcome.model and f"model {outcome.model}"]
    return [
        h.p[h.b[_breakable(f"{outcome.result} ({outcome.cause})")], h.small[RESULTS.get(outcome.result, "")]],
        h.p[h.small[", ".join(each for each in facts if each) or "no model was asked"]],
        h.p[(mark[piece.text] if piece.changed else piece.text for piece in pieces)],
        None if outcome.answer is None else _evidence(outcome.answer),
    ]


def _breakable(words: str) -> Iterator[Node]:
    """Yield words that a narrow column may break after an underline, and nowhere else within one."""
    for place, part in enumerate(words.split("_")):
        if place:
            yield from ("_", h.wbr)
        yield part


def _evidence(answer: RecordedAnswer) -> Node:
    """Return the sentences of an answer with their verdicts, and what they cite; a pointer on it shows the quote."""
    citations = numbered_citations(answer)
    cited = {each.number: each for each in citations}
    return [
        h.ol[_sentences(answer, citations)] if answer.sentences else None,
        (
            h.p(title=f"{each.quote} ({each.chunk_id})")[h.small[f"[{each.number}] {each.title}"]]
            for each in cited.values()
        ),
    ]


def _sentences(answer: RecordedAnswer, citations: Sequence[NumberedCitation]) -> Iterator[Element]:
    for sentence in answer.sentences:
        verdict = str(sentence.verdict)
        numbers = numbers_of(sentence, citations)
        yield h.li[
            badge(verdict, _STYLES.get(verdict, "plain")),
            f" {sentence.text}{f' {numbers}' if numbers else ''}",
            h.small[VERDICTS.get(verdict, "")],
        ]


def _text(outcome: RecordedOutcome) -> str:
    return "" if outcome.answer is None else outcome.answer.text
