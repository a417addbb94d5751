"""The guards that find what is said to a model: `injection` in questions, `instructions` in evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from groundwire_server.adapters.guards.instructions.encoded import Payload, payloads
from groundwire_server.adapters.guards.instructions.hidden_text import hidden_stretches, in_tags
from groundwire_server.adapters.guards.instructions.reading import Reading, read
from groundwire_server.adapters.guards.instructions.rule_files import Rule, RuleFiles, Screened
from groundwire_server.adapters.guards.instructions.rule_set import RuleSet
from groundwire_server.domain.guards.finding import Finding

RULES_VERSION: Final = "1"
"""Changes with the categories and the ways of looking; a change of a rule shows in the digest."""

_LAYERS: Final = 2
"""How often what is encoded is encoded again."""

_OF_EVIDENCE: Final = {each: "instruction" for each in ("injection", "jailbreak", "prompt_extraction")}
_OF_QUESTIONS: Final = {each: "injection" for each in ("role_marker", "encoded_payload", "instruction")}
"""The category that a screen reports in place of one that it does not tell apart."""

_WITHIN_PAYLOADS: Final = frozenset({"injection", "jailbreak", "prompt_extraction", "instruction"})


class InstructionGuard:
    """A guard that finds what is said to a model.

    It reads a text without capitals, accents, look-alikes and what is not seen, and once more decoded where it has
    stretches in base64, hexadecimal digits and the like, is written backwards, or has its letters apart.

    Args:
        screened: what it looks at.
        files: the rules.
    """

    def __init__(self, screened: Screened, files: RuleFiles) -> None:
        rules = [rule for rule in files.rules if screened in rule.screens]
        within = [rule for rule in rules if rule.category in _WITHIN_PAYLOADS]
        self._evidence = screened is Screened.EVIDENCE
        self._rules = RuleSet(rules)
        self._within = RuleSet(within)
        self._squeezed = RuleSet(replace(rule, pattern=rule.squeezed) for rule in within if not rule.clue)
        self._descriptions = {rule.name: rule.description for rule in rules}
        self._renamed: Mapping[str, str] = _OF_EVIDENCE if self._evidence else _OF_QUESTIONS
        self.version = f"{RULES_VERSION}-{files.digest}"

    def __repr__(self) -> str:
        return f"InstructionGuard({self.version})"

    @property
    def by_word(self) -> bool:
        """Whether nothing that it finds has white space in it: it finds sentences."""
        return False

    def about(self, rule: str) -> str:
        """Return what a rule of it looks for."""
        return self._descriptions.get(rule.rpartition(": ")[2], "")

    def find(self, text: str) -> Sequence[Finding]:
        """Return what it objects to, in the order of the text; stretches may overlap."""
        found = [*self._found(text)]
        if len(found) > 1:
            found.sort(key=_place)
        return found

    def _found(self, text: str) -> Iterator[Finding]:
        reading = read(text)
        for each in self._rules.find(reading):
            yield self._finding(each.rule, *reading.origin(each.start, each.end))
        visible = text if reading.kept is None else "".join([text[place] for place in reading.kept])
        for payload, rule, start, end in self._encoded(visible, reading, _LAYERS):
            yield self._named("encoded_payload", f"{payload.how}: {rule.name}", *reading.origin(start, end))
        if not text.isascii():
            yield from self._hidden(text)

    def _encoded(self, visible: str, reading: Reading, layers: int) -> Iterator[tuple[Payload, Rule, int, int]]:
        """Yield what rules find in what is encoded, and where it stands in what was read."""
        for payload in payloads(visible, reading):
            inner = read(payload.text)
            rules = self._squeezed if payload.squeezed else self._within
            for each in rules.find(inner):
                start, end = payload.place(*inner.origin(each.start, each.end))
                # What needs no decoding is found as it is.
                if payload.steps != 1 or payload.text[start:end] != reading.plain[start:end]:
                    yield payload, each.rule, start, end
            if layers > 1 and not payload.steps:
                for _, rule, _, _ in self._encoded(payload.text, inner, layers - 1):
                    yield payload, rule, payload.start, payload.end

    def _hidden(self, text: str) -> Iterator[Finding]:
        for kind, start, end in hidden_stretches(text):
            if self._evidence:
                yield Finding("hidden_text", start, end, kind)
            elif kind == "tags" and any(self._within.find(read(in_tags(text[start:end])))):
                yield self._named("encoded_payload", kind, start, end)

    def _finding(self, rule: Rule, start: int, end: int) -> Finding:
        return self._named(rule.category, rule.name, start, end)

    def _named(self, category: str, rule: str, start: int, end: int) -> Finding:
        return Finding(self._renamed.get(category, category), start, end, rule)


def _place(finding: Finding) -> tuple[int, int]:
    return finding.start, finding.end
