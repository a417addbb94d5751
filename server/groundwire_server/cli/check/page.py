"""Printing the sentences of a checked text as they come."""

from collections.abc import Iterable
from typing import Final

from google.protobuf import json_format
from rich.text import Text

from groundwire.v1.grounding_pb2 import Citation, Verdict
from groundwire.v1.grounding_service_pb2 import CheckedSentence, CheckGroundingResponse, GroundingSummary
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.render import Numbers, show_citations
from groundwire_server.cli.verdicts import conflict_line, words_at
from groundwire_server.cli.words import VERDICTS, word

_STANDING: Final = frozenset({Verdict.VERDICT_VERBATIM, Verdict.VERDICT_ENTAILED, Verdict.VERDICT_CONSISTENT})
_STYLES: Final = {
    Verdict.VERDICT_VERBATIM: "green",
    Verdict.VERDICT_ENTAILED: "green",
    Verdict.VERDICT_CONSISTENT: "yellow",
    Verdict.VERDICT_NOT_A_CLAIM: "dim",
}
"""Any other does not stand, one that this version does not know among them."""
_LEAD: Final = max(map(len, VERDICTS)) + 2


class _Tally:
    """Counts the claims of a text, and those that stand."""

    def __init__(self) -> None:
        self.claims = 0
        self.standing = 0

    @property
    def stands(self) -> bool:
        """Whether there is a claim, and every claim stands."""
        return 0 < self.claims == self.standing

    def count(self, verdict: "Verdict.ValueType") -> None:
        """Count a sentence."""
        if verdict != Verdict.VERDICT_NOT_A_CLAIM:
            self.claims += 1
            self.standing += verdict in _STANDING


def print_json(responses: Iterable[CheckGroundingResponse]) -> bool:
    """Print each response as a line of JSON, in protobuf's mapping; return whether every claim stands."""
    tally = _Tally()
    for response in responses:
        if response.HasField("sentence"):
            tally.count(response.sentence.sentence.verdict)
        print(json_format.MessageToJson(response, indent=None), flush=True)
    return tally.stands


def print_page(text: str, responses: Iterable[CheckGroundingResponse]) -> bool:
    """Print each sentence with its verdict, then what they come to; return whether every claim stands.

    Args:
        text: that is checked.
        responses: of the server, as they come.
    """
    console, numbers, tally = Terminal(), Numbers(), _Tally()
    citations: list[Citation] = []
    for response in responses:
        if response.HasField("sentence"):
            tally.count(response.sentence.sentence.verdict)
            citations += response.sentence.citations
            _show_sentence(console, text, response.sentence, numbers)
        elif response.HasField("summary"):
            _show_summary(console, response.summary, tally)
    if citations:
        console.print()
        show_citations(console, citations)
    return tally.stands


def _show_sentence(console: Terminal, text: str, checked: CheckedSentence, numbers: Numbers) -> None:
    sentence = checked.sentence
    verdict = word(Verdict, sentence.verdict)
    said = Text(words_at(text, sentence.span))
    for index in sentence.citation_indexes:
        said.append(f" [{numbers.of(checked.citations[index])}]", style="dim")
    console.hang(Text(f"{verdict:<{_LEAD}}", style=_STYLES.get(sentence.verdict, "bold red")), said)
    shown = {citation.chunk_id: f"[{numbers.of(citation)}]" for citation in checked.citations}
    for conflict in sentence.conflicts:
        source = shown.get(conflict.chunk_id, one_line(conflict.chunk_id))
        console.hang(Text(" " * _LEAD), Text(conflict_line(text, conflict, source), style="red"))


def _show_summary(console: Terminal, summary: GroundingSummary, tally: _Tally) -> None:
    console.print()
    if not tally.claims:
        console.hang(Text(), Text("the text claims nothing that could be checked", style="bold red"))
        return
    head = Text(
        f"{tally.standing} of {tally.claims} claim{'' if tally.claims == tally.standing == 1 else 's'} stand"
        f"{'s' if tally.standing == 1 else ''}",
        style=f"bold {'green' if tally.stands else 'red'}",
    )
    weakest = word(Verdict, summary.weakest_verdict)
    verified = "verified" if summary.verified else "not verified"
    head.append(f", score {summary.grounding_score:.0%}, {verified}", style="not bold default")
    console.hang(Text(), head)
    console.hang(Text("weakest    ", style="dim"), Text(f"{weakest}: {VERDICTS.get(weakest, 'unknown verdict')}"))
