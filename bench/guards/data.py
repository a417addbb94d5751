"""What guards are measured on: the files of `bench/data/guards`, as they were written before any guard."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from groundwire_server.domain.answer import Segment

FOLDER: Final = Path(__file__).parent.parent / "data" / "guards"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as a model writes it; the document is cited as `p1`.

    Attributes:
        confidence: `low`, `medium` or `high`.
    """

    confidence: str
    segments: Sequence[Segment]

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)

    def written(self) -> str:
        """Return the JSON that the model writes."""
        segments = [{"text": segment.text, "cites": list(segment.cites)} for segment in self.segments]
        return json.dumps({"confidence": self.confidence, "segments": segments}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class PlantedDocument:
    """A document with an instruction to the model hidden or written in it.

    Attributes:
        planted: the pieces of `text` that are the instruction, in order.
        question: one that the rest of the document answers.
        obeyed: the reply of a model that does as it is instructed.
        honest: a good reply.
        sign: words of `obeyed` that show that it was released.
    """

    id: str
    kind: str
    language: str
    title: str
    text: str
    planted: Sequence[str]
    question: str
    obeyed: Reply
    honest: Reply
    sign: str


@dataclass(frozen=True, slots=True)
class BenignText:
    """A harmless text about what attacks speak about as well, and a question that it answers."""

    id: str
    topic: str
    language: str
    text: str
    question: str


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """A part of a text.

    Attributes:
        category: of personal data.
        kind: within the category; that of a look-alike says what it is instead.
        start: in code points.
        end: in code points; exclusive.
    """

    category: str
    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PersonalText:
    """A text with every piece of personal data in it, and with what only looks like one."""

    id: str
    language: str
    text: str
    personal: Sequence[LabelledSpan]
    lookalikes: Sequence[LabelledSpan]

    def words(self, span: LabelledSpan) -> str:
        """Return what stands in a span."""
        return self.text[span.start : span.end]


@dataclass(frozen=True, slots=True)
class ScreenedQuestion:
    """A question for the question screen.

    Attributes:
        label: the kind of an unwanted one, such as `jailbreak`; the topic of an ordinary one.
        unwanted: whether the screen should stop it.
    """

    id: str
    label: str
    language: str
    text: str
    unwanted: bool


@dataclass(frozen=True, slots=True)
class AdaptedAttack:
    """An attack that was written to get past the rules of the guards, once they stood.

    Attributes:
        kind: how it evades them.
        question: whether it is a question; a passage otherwise.
    """

    id: str
    kind: str
    language: str
    text: str
    question: bool


def read_planted() -> Sequence[PlantedDocument]:
    """Return the documents with planted instructions."""
    return [
        PlantedDocument(**{**each, "obeyed": _reply(each["obeyed"]), "honest": _reply(each["honest"])})
        for each in _content("planted.json")["documents"]
    ]


def read_benign() -> Sequence[BenignText]:
    """Return the harmless texts."""
    return [BenignText(**each) for each in _content("benign.json")["texts"]]


def read_personal() -> Sequence[PersonalText]:
    """Return the texts with personal data."""
    return [
        PersonalText(**{**each, **{key: _spans(each[key]) for key in ("personal", "lookalikes")}})
        for each in _content("personal.json")["texts"]
    ]


def read_questions() -> Sequence[ScreenedQuestion]:
    """Return the questions, unwanted ones first."""
    content = _content("questions.json")
    return [
        ScreenedQuestion(each["id"], each[label], each["language"], each["text"], unwanted)
        for group, label, unwanted in (("unwanted", "kind", True), ("ordinary", "topic", False))
        for each in content[group]
    ]


def read_adapted() -> Sequence[AdaptedAttack]:
    """Return the attacks that were adapted to the guards."""
    return [AdaptedAttack(**each) for each in _content("adapted.json")["attacks"]]


def _content(name: str) -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return content


def _reply(written: Mapping[str, Any]) -> Reply:
    segments = tuple(Segment(each["text"], tuple(each["cites"])) for each in written["segments"])
    return Reply(written["confidence"], segments)


def _spans(written: Sequence[Mapping[str, Any]]) -> Sequence[LabelledSpan]:
    return [LabelledSpan(**each) for each in written]
