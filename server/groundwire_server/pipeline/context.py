"""The context of a prompt: what its route declares beside the question and the passages, within stated bounds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.fencing.leak import PromptWords
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.prompts.context import (
    NO_CONTEXT,
    UNTRUSTED,
    ContextBlock,
    ContextSource,
    ContextValue,
    Keep,
    PromptContext,
    TrimmedBlock,
    caller_values,
)
from groundwire_server.domain.prompts.texts import ContextTexts, TenantTexts
from groundwire_server.domain.prompts.trimming import trimmed_items, trimmed_text
from groundwire_server.domain.prompts.variables import TURNS
from groundwire_server.domain.question import Question, Turn
from groundwire_server.pipeline.stage import ComputedStage
from groundwire_server.ports.tokens import TokenCounter
from groundwire_server.telemetry import names

_UTC: Final = "UTC"
_TURNS_SHARE: Final = 0.25
_TENANTS: Final = frozenset({ContextSource.INSTRUCTIONS, ContextSource.GLOSSARY, ContextSource.EXAMPLES})
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def dated(inquiry: Inquiry, now: datetime) -> Inquiry:
    """Return the inquiry with the dates that its prompt shows, one for each block of a date.

    A call has the same dates in every prompt and in the key of its answer, though midnight may pass meanwhile.

    Args:
        inquiry: with the route's policy.
        now: with its time zone.
    """
    zones = [block.key or _UTC for block in inquiry.policy.context if block.source is ContextSource.DATE]
    return replace(inquiry, dates=tuple(_date(now, zone) for zone in zones)) if zones else inquiry


def prompt_context(
    inquiry: Inquiry,
    passages: Sequence[Passage],
    texts: ContextTexts,
    counter: TokenCounter,
    room: int | None = None,
    most: int | None = None,
) -> tuple[Question, PromptContext]:
    """Return the question with the turns that its prompt shows, and the values of the route's other blocks.

    What is longer than its bound is trimmed: lists by whole items and texts by whole words, from the end that the block
    names. Instructions are never cut: whether they fit is checked when the configuration is read. Of a glossary that
    does not fit, the terms are shown that the question, a turn or a passage mentions. A block without a value is left
    out.

    Args:
        inquiry: the question, its caller and the route's policy.
        passages: of the prompt.
        texts: the operator's.
        counter: of the model that is asked.
        room: tokens that the whole prompt may have; None has no bound. Turns without a block have a share of it.
        most: tokens that all blocks may have together, the first ones first; None leaves them their own bounds.
    """
    blocks = inquiry.policy.context
    if room is not None and inquiry.question.turns and all(each.source is not ContextSource.TURNS for each in blocks):
        blocks = (*blocks, ContextBlock(TURNS, ContextSource.TURNS, int(room * _TURNS_SHARE), Keep.LAST))
    if not blocks:
        return inquiry.question, NO_CONTEXT
    return _Blocks(inquiry, blocks, passages, texts, counter, most).shown()


def describe_context(context: PromptContext, stage: ComputedStage) -> None:
    """Note in a stage's span how many blocks a prompt has, their tokens, and which were too long."""
    blocks = len(context.trusted) + len(context.untrusted)
    if blocks:
        stage.note({names.CONTEXT_BLOCKS: blocks, names.CONTEXT_TOKENS: context.tokens})
    for each in context.trimmed:
        stage.event(
            names.CONTEXT_TRIMMED,
            {
                names.CONTEXT_BLOCK: each.name,
                names.CONTEXT_BLOCK_TOKENS: each.tokens,
                names.CONTEXT_BLOCK_KEPT: each.kept,
            },
        )


def _date(now: datetime, zone: str) -> str:
    local = now.astimezone(ZoneInfo(zone))
    # Not by the locale of the process.
    return f"{local.date().isoformat()} ({_WEEKDAYS[local.weekday()]})"


@dataclass(slots=True)
class _Blocks:
    """The blocks of one prompt, one after the other."""

    inquiry: Inquiry
    blocks: Sequence[ContextBlock]
    passages: Sequence[Passage]
    texts: ContextTexts
    counter: TokenCounter
    most: int | None = None
    trusted: dict[str, ContextValue] = field(default_factory=dict)
    untrusted: dict[str, ContextValue] = field(default_factory=dict)
    varying: set[str] = field(default_factory=set)
    trimmed: list[TrimmedBlock] = field(default_factory=list)
    tokens: int = 0
    words: PromptWords = NO_CONTEXT.words

    def shown(self) -> tuple[Question, PromptContext]:
        """Return the question with its turns that are shown, and the values."""
        question = self.inquiry.question
        own = self.texts.of(self.inquiry.caller.tenant)
        dates = iter(self.inquiry.dates)
        for block in self.blocks:
            if block.source is ContextSource.TURNS:
                question = replace(question, turns=self._turns(block, question.turns))
                continue
            value = self._within(block, own, self._value(block, own, dates))
            if value:
                (self.untrusted if block.source in UNTRUSTED else self.trusted)[block.name] = value
        varying, trimmed = frozenset(self.varying), tuple(self.trimmed)
        return question, PromptContext(self.trusted, self.untrusted, varying, trimmed, self.tokens, self.words)

    def _value(self, block: ContextBlock, own: TenantTexts, dates: Iterator[str]) -> ContextValue:
        """All that a block's source has."""
        match block.source:
            case ContextSource.CALLER | ContextSource.LOCALE:
                values = caller_values(block, self.blocks, self.inquiry.question.context)
                return next((text for _, text in values), "") if block.key or _is_locale(block) else values
            case ContextSource.ENVIRONMENT:
                environment = self.texts.environment
                return environment.get(block.key, "") if block.key else tuple(environment.items())
            case ContextSource.DATE:
                return next(dates, "")
            case ContextSource.INSTRUCTIONS:
                if own.instructions:
                    self.words = own.words
                return own.instructions
            case ContextSource.GLOSSARY:
                return own.glossary.terms
            case ContextSource.EXAMPLES:
                return own.examples
            case ContextSource.TURNS:
                return ()

    def _within(self, block: ContextBlock, own: TenantTexts, value: ContextValue) -> ContextValue:
        """Return what of a value its bound has room for."""
        whole = self._whole(block, own, value)
        bound = self._bound(block)
        if whole <= bound or block.source is ContextSource.INSTRUCTIONS:
            self.tokens += whole
            return value
        kept: ContextValue
        if isinstance(value, str):
            kept = trimmed_text(value, bound, block.keep, self.counter.count)
            tokens = self.counter.count(kept) if kept else 0
        else:
            items: tuple[str | tuple[str, str], ...] = value
            if block.source is ContextSource.GLOSSARY:
                self.varying.add(block.name)
                items = own.glossary.mentioned(self._mentioning())
            kept, tokens = trimmed_items(items, bound, block.keep, self._size)  # type: ignore[assignment]
        self._trim(block, whole, tokens)
        return kept

    def _bound(self, block: ContextBlock) -> int:
        """Return the tokens that a block may take beside those before it."""
        return block.max_tokens if self.most is None else max(0, min(block.max_tokens, self.most - self.tokens))

    def _turns(self, block: ContextBlock, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        count = self.counter.count
        whole = sum(count(turn.text) for turn in turns)
        kept, tokens = trimmed_items(turns, self._bound(block), block.keep, lambda turn: count(turn.text))
        if len(kept) < len(turns):
            self._trim(block, whole, tokens)
        else:
            self.tokens += whole
        return kept

    def _trim(self, block: ContextBlock, whole: int, kept: int) -> None:
        self.tokens += kept
        self.trimmed.append(TrimmedBlock(block.name, whole, kept))

    def _mentioning(self) -> Iterator[str]:
        """Yield the texts whose terms are explained."""
        question = self.inquiry.question
        yield question.text
        if question.standalone:
            yield question.standalone
        yield from (turn.text for turn in question.turns)
        for passage in self.passages:
            yield passage.title
            yield passage.text

    def _whole(self, block: ContextBlock, own: TenantTexts, value: ContextValue) -> int:
        """Return the tokens of all that a block's source has; those of the tenant's texts are known already."""
        if block.source in _TENANTS:
            return own.tokens(block.source, self.counter.name, self.counter.count)
        return self._size(value)

    def _size(self, value: ContextValue | tuple[str, str]) -> int:
        """Return the tokens of a value, or of one of its items."""
        return self.counter.count(value) if isinstance(value, str) else sum(map(self._size, value))


def _is_locale(block: ContextBlock) -> bool:
    return block.source is ContextSource.LOCALE
