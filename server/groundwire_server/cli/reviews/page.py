"""A review on the terminal: each sentence with its conflicts, and beside it the passage that it rests on."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.grounding_pb2 import Conflict, GroundedText, Sentence, Verdict
from groundwire.v1.passage_pb2 import Passage
from groundwire.v1.review_pb2 import Review
from groundwire_server.cli.console import Terminal, one_line, printable
from groundwire_server.cli.passages import line_of
from groundwire_server.cli.reviews.words import KINDS, OPEN, is_blind, plural, standing, why
from groundwire_server.cli.times import printed
from groundwire_server.cli.verdicts import words_at
from groundwire_server.cli.words import CONFLICTS, VERDICTS, word

_LABEL: Final = 11
_BESIDE: Final = 72
"""Columns from which a passage stands beside its sentence; in fewer it stands below."""
_BREAKS: Final = re.compile(r"\s*\n\s*")
_AROUND: Final = 160
"""Characters of a passage that are shown on each side of its words."""
_STANDING: Final = {
    Verdict.VERDICT_VERBATIM: "green",
    Verdict.VERDICT_ENTAILED: "green",
    Verdict.VERDICT_CONSISTENT: "yellow",
    Verdict.VERDICT_NOT_A_CLAIM: "dim",
}


def show_review(console: Terminal, review: Review, *, full: bool = False) -> None:
    """Print a review.

    Args:
        console: to print on.
        review: with its texts.
        full: print whole passages after the draft.
    """
    _show_facts(console, review)
    if review.HasField("proposed"):
        complete = "" if review.draft_complete else ", which the model did not finish"
        console.print()
        console.hang(Text(), Text(f"draft{complete}", style="bold"))
        below = () if review.HasField("decided") else review.below_minimum
        show_text(console, review.proposed, review.passages, below, blind=is_blind(review))
        if is_blind(review):
            console.hang(Text(), Text("its verdicts are withheld until it is decided", style="dim"))
    elif review.kind != Review.KIND_BLOCK and review.passages:
        console.print()
        console.hang(Text(), Text("no draft: no model has written an answer", style="bold"))
    if review.HasField("decided") and review.decided.text != review.proposed.text:
        console.print()
        console.hang(Text(), Text("text that left", style="bold"))
        show_text(console, review.decided, review.passages, review.below_minimum)
    _show_passages(console, review, full=full)


def show_text(
    console: Terminal, text: GroundedText, passages: Sequence[Passage], below: Iterable[int], *, blind: bool = False
) -> None:
    """Print the sentences of a text, each with what its evidence says beside it.

    Args:
        console: to print on.
        text: with its sentences.
        passages: the evidence that the reviewer may see.
        below: the sentences that are weaker than the route lets leave, as indexes.
        blind: whether verdicts are withheld.
    """
    known = {passage.chunk_id: (rank, passage) for rank, passage in enumerate(passages, 1)}
    weak = frozenset(below)
    for index, sentence in enumerate(text.sentences):
        left = Text(f"{index + 1} ", style="bold")
        if not blind:
            verdict = word(Verdict, sentence.verdict)
            left.append(verdict, style=_STANDING.get(sentence.verdict, "bold red"))
            left.append(f": {VERDICTS.get(verdict, 'unknown verdict')}", style="dim")
            left.append("\n! weaker than the route lets leave" if index in weak else "", style="red")
        left.append("\n")
        left.append_text(_marked(text.text, sentence))
        for conflict in sentence.conflicts:
            left.append(f"\n! {_conflict(text.text, conflict)}", style="red")
        _beside(console, left, Text("\n").join(_evidence(text, sentence, known)))
    if not text.sentences:
        console.hang(Text("  "), Text(printable(text.text)))


def _show_facts(console: Terminal, review: Review) -> None:
    kind = word(Review.Kind, review.kind)
    facts = {
        "state": standing(review),
        "question": review.question.text,
        "context": ", ".join(f"{name}={value}" for name, value in sorted(review.question.context.items())),
        "decide": KINDS.get(kind, kind),
        "why": why(review),
        "route": review.route,
        "opened": printed(review.create_time),
        "expires": printed(review.expire_time) if review.state in OPEN and review.HasField("expire_time") else "",
        "operation": review.operation,
        "request": review.request_id,
        "trace": review.trace_id,
        "etag": review.etag,
        "faults": ", ".join(word(AnswerFault, fault).lower() for fault in review.faults),
        "wrong": ", ".join(str(index + 1) for index in review.wrong_sentences),
        "note": review.note,
    }
    console.hang(Text(), Text(one_line(review.ticket), style="bold"))
    for label, fact in facts.items():
        if fact:
            console.hang(Text(f"{label:<{_LABEL}}", style="dim"), Text(one_line(fact)))


def _marked(text: str, sentence: Sentence) -> Text:
    """Return a sentence with the words at fault between signs, for terminals without colour."""
    begin, end = sentence.span.start_code_point, sentence.span.end_code_point
    spans = sorted({(each.span.start_code_point, each.span.end_code_point) for each in sentence.conflicts})
    marked, place = Text(), begin
    for start, stop in spans:
        if place <= start < stop <= end:
            marked.append(printable(text[place:start]))
            marked.append(f"»{printable(text[start:stop])}«", style="bold red")
            place = stop
    marked.append(printable(text[place:end]))
    return marked


def _conflict(text: str, conflict: Conflict) -> str:
    kind = word(Conflict.Kind, conflict.kind)
    said = f"{CONFLICTS.get(kind, kind.lower())}: “{words_at(text, conflict.span)}”"
    if conflict.passage_words:
        return f"{said}, but the passage says “{one_line(conflict.passage_words)}”"
    return said if conflict.chunk_id else f"{said} is in no passage"


def _evidence(text: GroundedText, sentence: Sentence, known: dict[str, tuple[int, Passage]]) -> Iterator[Text]:
    """Yield the passages of a sentence, each once, with the words that matter marked."""
    words = dict[str, list[str]]()
    for index in sentence.citation_indexes:
        if index < len(text.citations):
            citation = text.citations[index]
            words.setdefault(citation.chunk_id, []).append(citation.quote)
    for conflict in sentence.conflicts:
        if conflict.chunk_id:
            words.setdefault(conflict.chunk_id, []).insert(0, conflict.passage_words)
    for chunk_id, quotes in words.items():
        found = known.get(chunk_id)
        if found is None:
            yield Text(f"{one_line(chunk_id)}: a passage that you may not see", style="italic")
            continue
        rank, passage = found
        said = Text(f"[{rank}] {one_line(passage.title or passage.document_id)}\n", style="bold")
        said.append_text(_excerpt(passage.text, next(filter(None, quotes), "")))
        yield said


def _excerpt(passage: str, quote: str) -> Text:
    """Return the words of a passage with some of its text around them."""
    begin = passage.find(quote) if quote else -1
    if begin < 0:
        return Text(line_of(passage), style="not bold")
    end = begin + len(quote)
    before, after = passage[max(0, begin - _AROUND) : begin], passage[end : end + _AROUND]
    shown = Text(style="not bold")
    shown.append(_flat(f"…{before}" if begin > _AROUND else before))
    shown.append(f"»{_flat(quote)}«", style="bold")
    shown.append(_flat(f"{after}…" if end + _AROUND < len(passage) else after))
    return shown


def _flat(text: str) -> str:
    """Return foreign text with each of its line breaks, and blank lines after it, as a space."""
    return _BREAKS.sub(" ", printable(text))


def _beside(console: Terminal, left: Text, right: Text) -> None:
    if not right.plain or console.width < _BESIDE:
        console.hang(Text(), left)
        if right.plain:
            console.hang(Text("   "), right)
        console.print()
        return
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    table.add_row(left, right)
    console.print(table)
    console.print()


def _show_passages(console: Terminal, review: Review, *, full: bool) -> None:
    """Print the evidence: whole where it is asked for or no sentence shows it, otherwise a line each."""
    if review.passages:
        console.hang(Text(), Text("passages", style="bold"))
    for rank, passage in enumerate(review.passages, 1):
        title = one_line(passage.title or passage.document_id)
        flags = f", flagged: {one_line(', '.join(passage.flags))}" if passage.flags else ""
        console.hang(
            Text(f"[{rank}] "), Text.assemble((title, "bold"), (f" {one_line(passage.document_id)}", "dim"), flags)
        )
        whole = full or is_blind(review)
        console.hang(Text("    "), Text(printable(passage.text) if whole else line_of(passage.text)))
    if review.withheld:
        ranks = ", ".join(str(each.rank) for each in review.withheld)
        said = f"{plural(len(review.withheld), 'passage')} withheld, at rank {ranks}: you may not see their documents"
        console.hang(Text(), Text(said, style="italic"))
