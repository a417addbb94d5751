"""How a sentence stands to the passages that it cites: word for word, or as far as rules can tell."""

import re
from collections.abc import Sequence
from functools import cached_property

from groundwire_server.domain.answer import CheckedSentence, Conflict, Span
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.text.sentences import SENTENCE_LIMIT, sentences
from groundwire_server.domain.text.standalone import standalone_sentences
from groundwire_server.domain.text.words import ContentWords, content_words
from groundwire_server.domain.vocabulary import Verdict

CHECKER = "rules"
"""Names the rule checker in verdicts."""


class Source:
    """A passage that sentences are compared with; it is analysed once, however many there are.

    Attributes:
        passage: the passage.
    """

    def __init__(self, passage: Passage) -> None:
        self.passage = passage

    @cached_property
    def _spaced(self) -> str:
        return _spaced(self.passage.text)

    @cached_property
    def words(self) -> ContentWords:
        """The content words of the passage."""
        return ContentWords(self.passage.text)

    @cached_property
    def sentences(self) -> list[tuple[str, ContentWords]]:
        """The sentences of the passage, each with its content words."""
        return [(sentence, ContentWords(sentence)) for sentence in self._sentences]

    @cached_property
    def _sentences(self) -> list[str]:
        text = self.passage.text
        return [text[start:end] for start, end in sentences(text)]

    @cached_property
    def _standalone(self) -> frozenset[str]:
        text = self.passage.text
        return frozenset(_spaced(text[start:end]) for start, end in standalone_sentences(text))

    def has_sentence(self, sentence: str, text: str, offset: int) -> bool:
        """Return whether this is one of its sentences, whole and word for word, however it is spaced.

        Of a sentence that was cut for its length a part counts where the whole stands in the text.

        Args:
            sentence: of the text.
            text: has it.
            offset: where it begins there.
        """
        said = _spaced(sentence)
        # Looking for the very words first is much cheaper than finding where sentences end.
        if said not in self._spaced:
            return False
        if said in self._standalone:
            return True
        long = [whole for whole in self._standalone if len(whole) > len(said) and said in whole]
        if not long or len(text) == len(sentence):
            return False
        around = _spaced(text)
        start = len(_spaced(text[: offset + len(sentence)])) - len(said)
        return any(
            0 <= begin <= start and start + len(said) <= begin + len(whole)
            for whole in long
            if len(whole) > SENTENCE_LIMIT
            for begin in (around.rfind(whole, 0, start + len(whole)),)
        )

    def quote(self, statement: str) -> str:
        """Return the quote for a statement, verbatim: the statement's own words, or else the sentence closest to it.

        The closest sentence shares the most words, and is the shorter of two that share as many. Empty if none shares
        a word.
        """
        # Words alone cannot tell `x < y` from `x > y`, and looking for the very words is also much cheaper.
        verbatim = self._stretch(statement.split())
        if verbatim:
            return verbatim
        said = content_words(statement)
        shared = [(len(words.occurring(said)), -len(sentence), sentence) for sentence, words in self.sentences]
        count, _, best = max(shared, key=lambda each: each[:2], default=(0, 0, ""))
        return best if count else ""

    def _stretch(self, words: list[str]) -> str:
        """Return the stretch that has these words in a row, however they are spaced; empty when there is none."""
        said, spaced = " ".join(words), self._spaced
        start = spaced.find(said) if said else -1
        while start >= 0:
            end = start + len(said)
            if (start == 0 or not spaced[start - 1].isalnum()) and spaced[end : end + 1] in ("", " "):
                first = spaced.count(" ", 0, start)
                within = start - (spaced.rfind(" ", 0, start) + 1)
                text = self.passage.text
                tokens = list(_TOKEN.finditer(text))
                return text[tokens[first].start() + within : tokens[first + len(words) - 1].end()]
            start = spaced.find(said, start + 1)
        return ""


def check_sentence(
    sentence: str, text: str, offset: int, cited: Sequence[Source], rules: RuleChecker, question: str = ""
) -> CheckedSentence:
    """Return the verdict on a sentence, as far as rules can tell.

    A sentence that stands alone in a cited passage, whole and word for word, is VERBATIM: since nothing of it was left
    out, no negation and no condition was. Any other is CONSISTENT at best: no rule objects, and nobody has proven it.

    Args:
        sentence: as it stands in the text.
        text: what it is a sentence of.
        offset: where it begins there, in code points.
        cited: the passages that it cites, in the order of its citations.
        rules: judge what is not word for word.
        question: what the text answers; empty for none.
    """
    span = Span.within(text, offset, offset + len(sentence))
    verbatim = tuple(index for index, source in enumerate(cited) if source.has_sentence(sentence, text, offset))
    if verbatim and content_words(sentence):
        # "Yes." in a passage answers another question than the one that was asked: it needs content of its own.
        return CheckedSentence(span, Verdict.VERBATIM, 1.0, verbatim, CHECKER)
    finding = rules.check(
        sentence, [rules.evidence(source.passage.text, source.passage.title) for source in cited], question
    )
    conflicts = tuple(
        Conflict(
            found.kind,
            Span.within(text, offset + found.start, offset + found.end),
            cited[found.source].passage.chunk_id if found.source >= 0 else "",
            found.words,
        )
        for found in finding.conflicts
    )
    return CheckedSentence(span, finding.verdict, finding.support, finding.sources, CHECKER, conflicts)


_TOKEN = re.compile(r"\S+")


def _spaced(text: str) -> str:
    """Return a text with one space for all white space in a row."""
    return " ".join(text.split())
