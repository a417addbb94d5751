"""The guards that find what is said to a model: `injection` in questions, `instructions` in evidence."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from groundwire_server.adapters.guards.instructions.encoded import encoded_sentences, is_sentence, payloads
from groundwire_server.adapters.guards.instructions.hidden_text import hidden_stretches, in_tags
from groundwire_server.adapters.guards.instructions.reading import Reading, read
from groundwire_server.adapters.guards.instructions.rule_files import InstructionRule, Screened, rules_digest
from groundwire_server.adapters.guards.instructions.rule_set import RuleSet
from groundwire_server.domain.guards.finding import Finding

RULES_VERSION: Final = "1"
"""Changes with the categories and the ways of looking; a change of a rule shows in the digest."""

_LAYERS: Final = 2
"""How often what is encoded is encoded again."""

_OF_EVIDENCE: Final = dict.fromkeys(("injection", "jailbreak", "prompt_extraction"), "instruction")
_OF_QUESTIONS: Final = dict.fromkeys(("role_marker", "encoded_payload", "instruction"), "injection")
"""The category that a screen reports in place of one that it does not tell apart."""

_SENTENCE: Final = "sentence"
_WHOLE: Final = frozenset({"base64", "hex", "binary", "entities"})
"""Ways of encoding in which no document writes a sentence; addresses have some in percents."""

_WITHIN_PAYLOADS: Final = frozenset({"injection", "jailbreak", "prompt_extraction", "instruction"})


def instruction_version() -> str:
    """Return which version of the rules the package brings."""
    return f"{RULES_VERSION}-{rules_digest()}"


class InstructionGuard:
    """A guard that finds what is said to a model.

    It reads a text without capitals, accents, look-alikes and what is not seen, and once more decoded where it has
    stretches in base64, hexadecimal digits and the like, is written backwards, or has its letters apart.

    Args:
        screened: what it looks at.
        rules: what it looks for.
    """

    by_word = False
    finds_data = False

    def __init__(self, screened: Screened, rules: RuleSet) -> None:
        self._screened = screened
        self._evidence = screened is Screened.EVIDENCE
        self._rules = rules
        self._renamed: Mapping[str, str] = _OF_EVIDENCE if self._evidence else _OF_QUESTIONS

    def __repr__(self) -> str:
        return f"InstructionGuard({self._screened}, {self._rules})"

    def about(self, rule: str) -> str:
        """Return what a rule of it looks for."""
        return self._rules.about(rule.rpartition(": ")[2])

    def find(self, text: str) -> Sequence[Finding]:
        """Return what it objects to, in the order of the text; stretches may overlap."""
        found = [*self._found(text)]
        if len(found) > 1:
            found.sort(key=_place)
        return found

    def _found(self, text: str) -> Iterator[Finding]:
        reading = read(text)
        for each in self._rules.find(reading, self._screened):
            yield self._finding(each.rule, *reading.origin(each.start, each.end))
        visible = text if reading.kept is None else "".join([text[place] for place in reading.kept])
        for how, rule, start, end in self._encoded(visible, reading, _LAYERS):
            yield self._named("encoded_payload", f"{how}: {rule}", *reading.origin(start, end))
        if self._evidence:
            for how, start, end in encoded_sentences(reading):
                yield Finding("encoded_payload", *reading.origin(start, end), f"{how}: {_SENTENCE}")
        if not text.isascii():
            yield from self._hidden(text)

    def _encoded(self, visible: str, reading: Reading, layers: int) -> Iterator[tuple[str, str, int, int]]:
        """Yield how what is found is encoded, the rule that finds it, and where it stands in what was read."""
        for payload in payloads(visible, reading):
            inner = read(payload.text)
            find = self._rules.find_squeezed if payload.squeezed else self._rules.find
            for each in find(inner, self._screened):
                if each.rule.category not in _WITHIN_PAYLOADS:
                    continue
                start, end = payload.place(*inner.origin(each.start, each.end))
                # What needs no decoding is found as it is.
                if payload.steps != 1 or payload.text[start:end] != reading.plain[start:end]:
                    yield payload.how, each.rule.name, start, end
            if layers > 1 and not payload.steps:
                for _, rule, _, _ in self._encoded(payload.text, inner, layers - 1):
                    yield payload.how, rule, payload.start, payload.end
            if self._evidence and payload.how in _WHOLE and is_sentence(payload.text):
                yield payload.how, _SENTENCE, payload.start, payload.end

    def _hidden(self, text: str) -> Iterator[Finding]:
        for kind, start, end in hidden_stretches(text):
            if self._evidence:
                yield Finding("hidden_text", start, end, kind)
            elif kind == "tags" and self._is_instruction(in_tags(text[start:end])):
                yield self._named("encoded_payload", kind, start, end)

    def _is_instruction(self, text: str) -> bool:
        return any(each.rule.category in _WITHIN_PAYLOADS for each in self._rules.find(read(text), self._screened))

    def _finding(self, rule: InstructionRule, start: int, end: int) -> Finding:
        return self._named(rule.category, rule.name, start, end)

    def _named(self, category: str, rule: str, start: int, end: int) -> Finding:
        return Finding(self._renamed.get(category, category), start, end, rule)


def _place(finding: Finding) -> tuple[int, int]:
    return finding.start, finding.end
