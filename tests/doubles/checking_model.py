"""Checking models on sockets, each in its protocol, and one in a folder: all find the share of words that occur."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.checkers import open_checker
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import CheckRequest, SentenceToCheck
from groundwire_server.domain.requester import Requester
from groundwire_server.ports.checker import Checker
from tests.doubles.spans import Spans
from tests.doubles.upstream import Echo, Move, Reply, Upstream, upstream

JSON = (("Content-Type", "application/json"),)
MODEL = "test-checker"
MARK = "m4rk"
_ENOUGH = 0.8
SECRET_PASSAGE = "CANARY-PASSAGE"
SECRET_SENTENCE = "CANARY-SENTENCE"
_WORDS = re.compile(r"\w+")
_PASSAGE = re.compile(r'<passage-\w+ id="(p\d+)">\n(.*?)\n</passage-', re.DOTALL)
_STATEMENT = re.compile(r"<statement-\w+>(.*?)</statement-", re.DOTALL)
_JUDGED = re.compile(r'<statement-\w+ id="(s\d+)" passages="([^"]*)">(.*?)</statement-', re.DOTALL)


def overlap(statement: str, evidence: str) -> float:
    """The share of a statement's words that occur in the evidence."""
    words = _WORDS.findall(statement.lower())
    return sum(word in _WORDS.findall(evidence.lower()) for word in words) / len(words) if words else 0.0


def _passages(evidence: str) -> dict[str, str]:
    return dict(_PASSAGE.findall(evidence))


def _cited(evidence: str, instructions: str) -> float:
    """What a decision endpoint makes of one question."""
    statement = _STATEMENT.search(instructions)
    if statement is None:
        return 1.0 if _passages(evidence) else 0.0
    passages = _passages(evidence)
    handles = re.findall(r"p\d+", instructions[: statement.start()])
    return overlap(statement[1], " ".join(passages[handle] for handle in handles if handle in passages))


def decisions(body: bytes) -> bytes:
    """Answers as OpenAI's `/decisions` does, in another order than was asked."""
    asked = json.loads(body)
    assert asked.keys() == {"model", "input", "questions"}
    assert len(asked["questions"]) <= 400
    answers = [
        {"type": "predicate", "name": each["name"], "probability": _cited(asked["input"], each["instructions"])}
        for each in asked["questions"]
    ]
    return json.dumps({"answers": answers[::-1], "usage": {"input_tokens": len(body) // 4}}).encode()


def system_one(body: bytes) -> bytes:
    """Answers as vLLM's `/systemone` does."""
    asked = json.loads(body)
    assert asked.keys() == {"model", "state", "questions"}
    assert len(asked["questions"]) <= 64
    answers = {
        name: {"noul": _cited(asked["state"], each["instructions"]), "confidence": 0.9}
        for name, each in asked["questions"].items()
    }
    return json.dumps({"answers": answers, "diagnostics": {name: {"label_mass": 0.99} for name in answers}}).encode()


def judge(body: bytes) -> bytes:
    """Judges as a chat model does that streams one whole completion."""
    user = json.loads(body)["messages"][-1]["content"]
    passages = _passages(user)
    judged = _JUDGED.findall(user)
    answers = {
        name: "yes" if overlap(text, " ".join(passages[each] for each in cited.split())) > _ENOUGH else "no"
        for name, cited, text in judged
    } or {"s1": "yes" if passages else "no"}
    message = {"role": "assistant", "content": json.dumps(answers)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 40, "completion_tokens": 9}
    return json.dumps({"model": MODEL, "choices": [choice], "usage": usage}).encode()


def tei(body: bytes) -> bytes:
    """Labels pairs as TEI's `/predict` does: it takes two bare strings for one pair."""
    asked = json.loads(body)["inputs"]
    assert all(isinstance(each, list) for each in asked)
    assert len(asked) <= 32
    rows = [
        [{"label": "entailment", "score": overlap(second, first)}, {"label": "other", "score": 0.0}]
        for first, second in asked
    ]
    return json.dumps(rows).encode()


def classify(body: bytes) -> bytes:
    """Classifies single texts as vLLM's `/classify` does; class 1 is that of unsupported statements."""
    asked = json.loads(body)["input"]
    data = []
    for index, text in enumerate(asked):
        passage, statement = text.split(" ||| ")
        share = overlap(statement, passage)
        data.append({"index": index, "label": "x", "probs": [share, 1 - share], "num_classes": 2})
    return json.dumps({"data": data[::-1], "usage": {"prompt_tokens": 5}}).encode()


def score(body: bytes) -> bytes:
    """Scores pairs as vLLM's `/score` does."""
    asked = json.loads(body)
    pairs = zip(asked["text_1"], asked["text_2"], strict=True)
    data = [{"index": index, "score": overlap(second, first)} for index, (first, second) in enumerate(pairs)]
    return json.dumps({"data": data}).encode()


_CLASSES = (
    "kind: classifier, provider: house, model: test-checker, api: vllm_classify, class_index: 1, "
    "polarity: unsupported, text: '{passage} ||| {statement}', text_pair: null"
)

PROTOCOLS = {
    "decisions": ("kind: decisions, provider: house, model: test-checker", decisions),
    "systemone": ("kind: decisions, provider: house, model: test-checker, api: systemone", system_one),
    "judge": ("kind: judge, model: writer", judge),
    "tei": ("kind: classifier, provider: house, model: test-checker, label: entailment", tei),
    "vllm_classify": (_CLASSES, classify),
    "vllm_score": ("kind: classifier, provider: house, model: test-checker, api: vllm_score", score),
}
"""The section of each checker behind HTTP, and its double."""

QUICK = "retry: {base_seconds: 0.001}"


def reply(name: str) -> Reply:
    """The reply of a double that works."""
    return Reply([Echo(PROTOCOLS[name][1])], headers=JSON)


def said(document: Any) -> Reply:
    """The reply of this document, whatever is sent."""
    return whole(json.dumps(document).encode())


def whole(*body: Move) -> Reply:
    """The reply of this body."""
    return Reply(body, headers=JSON)


@dataclass(frozen=True, slots=True)
class WiredChecker:
    """A checker with what stands behind it."""

    checker: Checker
    upstream: Upstream
    spans: Spans = field(default_factory=Spans)

    async def fail(self, request: CheckRequest, deadline: Deadline) -> ChargedFailure:
        """What a call fails with."""
        try:
            await self.checker.check(request, deadline)
        except ChargedFailure as failure:
            return failure
        raise AssertionError


@asynccontextmanager
async def wired(
    folder: Path, section: str, *replies: Reply, model: str = "", limits: str = "", provider: str = ""
) -> AsyncIterator[WiredChecker]:
    """A checker whose provider answers with the replies.

    Args:
        folder: for the configuration.
        section: of the checker.
        replies: of the provider.
        model: more of the section of the model that a judge asks.
        limits: a row of the table of limits.
        provider: more of its section.
    """
    spans = Spans()
    async with upstream(*replies) as double:
        # Not every section has retries of its own.
        over_http = "" if section.startswith(("kind: judge", "kind: onnx")) else f", {QUICK}"
        file = folder / "groundwire.yaml"
        file.write_text(
            f"providers: {{house: {{kind: openai, base_url: 'http://127.0.0.1:{double.port}/v1', "
            f"residency: self_hosted{provider}}}}}\n"
            + (f"limits: {{all: {{{limits}}}}}\n" if limits else "")
            + "models:\n  extractive: {kind: extractive}\n"
            f"  writer: {{kind: openai, provider: house, model: {MODEL}, {QUICK}{model}}}\n"
            f"checkers: {{it: {{{section}{over_http}}}}}\n"
        )
        lease = Shared().lease()
        try:
            configuration = load(Sources(file)).configuration
            yield WiredChecker(await open_checker("it", configuration, lease, spans.recording), double, spans)
        finally:
            await lease.end()


def asked(
    *sentences: str | tuple[str, Sequence[int]], passages: Sequence[str] = (), tenant: str = "acme"
) -> CheckRequest:
    """A request about sentences, each alone or with the passages that it cites."""
    texts = tuple(passages) or (f"{SECRET_PASSAGE} The desk opens at six.", "Cats sleep by day.")
    pairs = [(each, ()) if isinstance(each, str) else each for each in sentences]
    return CheckRequest(
        Requester(tenant),
        "When does it open?",
        texts,
        tuple(SentenceToCheck(text, tuple(cited)) for text, cited in pairs),
        mark=MARK,
    )
