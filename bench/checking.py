"""CPU of the checks of answers: five sentences in other words, over eight passages of 600 characters."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.claims.evidence import EvidenceText

_DATA = Path(__file__).with_name("data") / "paraphrases.json"
_PASSAGE = 600
_SENTENCES, _PASSAGES = 5, 8

Answer = tuple[Sequence[str], Sequence[str]]
"""Sentences, and the passages that they cite: each the one of its own place, and the last ones are cited by none."""


class Checking:
    """The checks of some answers."""

    def __init__(self) -> None:
        self._rules = RuleChecker.packaged()
        self._answers = _answers()

    def milliseconds(self, *, known: bool) -> float:
        """Return the CPU that the checks of one answer take, in milliseconds.

        Args:
            known: whether its passages were analysed before, as those of frequent questions are.
        """
        analysed = self._rules.evidence if known else EvidenceText
        began = time.process_time()
        for sentences, passages in self._answers:
            evidence = [analysed(passage) for passage in passages]
            for sentence, cited in zip(sentences, evidence, strict=False):
                self._rules.check(sentence, [cited])
        return (time.process_time() - began) / len(self._answers) * 1000


def _answers() -> list[Answer]:
    read = json.loads(_DATA.read_text())
    single = [each for each in read["statements"] if len(each["passages"]) == 1]
    texts = {name: text[:_PASSAGE] for name, text in read["passages"].items()}
    others = list(texts.values())
    found: list[Answer] = []
    for start in range(0, len(single) - _SENTENCES + 1, _SENTENCES):
        answer = single[start : start + _SENTENCES]
        own = [texts[each["passages"][0]] for each in answer]
        found.append(([each["text"] for each in answer], [*own, *others[start : start + _PASSAGES - _SENTENCES]]))
    return found
