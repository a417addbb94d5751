"""How a sentence stands to the passages that it cites: word for word, or as far as rules can tell."""

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache

from groundwire_server.domain.answer import CheckedSentence, Conflict, Span
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.fencing.hidden import as_seen, without_hidden
from groundwire_server.domain.guards.particulars import particulars
from groundwire_server.domain.text.sentences import SENTENCE_LIMIT, sentences, whole_sentences
from groundwire_server.domain.text.standalone import Framed, framed_sentences
from groundwire_server.domain.text.words import ContentWords, content_words
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.markup.tables import Row, all_rows

CHECKER = "rules"
"""Names the rule checker in verdicts."""


class Source:
    """A passage that sentences are compared with; it is analysed once, however many there are.

    Characters that are not seen, which a model is not shown, make no difference; what is quoted has them.

    Attributes:
        passage: the passage.
        text: what is seen of it.
    """

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        self.text = without_hidden(passage.text)

    @cached_property
    def _spaced(self) -> str:
        return _spaced(self.text)

    @cached_property
    def words(self) -> ContentWords:
        """The content words of the passage."""
        return ContentWords(self.text)

    @cached_property
    def sentences(self) -> list[tuple[str, ContentWords]]:
        """The sentences of the passage, each with its content words."""
        return [(sentence, ContentWords(sentence)) for sentence in self._sentences]

    @cached_property
    def particulars(self) -> frozenset[str]:
        """The links, addresses and numbers of the passage and its title, by their keys."""
        return frozenset(each.key for each in particulars(f"{self.passage.title}\n{self.text}"))

    @cached_property
    def _sentences(self) -> list[str]:
        text = self.text
        return [text[start:end] for start, end in sentences(text)]

    @cached_property
    def _framed(self) -> list[tuple[str, Framed]]:
        text = self.text
        return [(_spaced(text[each.start : each.end]), each) for each in framed_sentences(text)]

    @cached_property
    def _standalone(self) -> frozenset[str]:
        return frozenset(said for said, each in self._framed if each.alone)

    @cached_property
    def _rows(self) -> Sequence[Row]:
        return all_rows(self.text)

    def has_sentence(self, sentence: str, text: str, offset: int) -> bool:
        """Return whether this is one of its sentences, whole and word for word, however it is spaced.

        One that stands under a lead-in counts where the text has the lead-in before it, with none but items of the same
        list between. Of a sentence that was cut for its length a part counts where the whole stands in the text. The
        row of a table may stand as pairs of column and value.

        Args:
            sentence: of the text.
            text: has it.
            offset: where it begins there.
        """
        if self.rows_in(_line(text, offset)):
            return True
        said = _spaced(sentence)
        # Looking for the very words first is much cheaper than finding where sentences end.
        if said not in self._spaced:
            return False
        if said in self._standalone or self._has_under_lead(text, offset):
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

    def rows_in(self, text: str) -> list[Row]:
        """Return the rows of its tables that lines of a text say as pairs of column and value."""
        if not self._rows:
            return []
        lines = [line.strip().removeprefix("- ") for line in text.splitlines()]
        return [row for row in self._rows if any(row.says(line) for line in lines)]

    def _has_under_lead(self, text: str, offset: int) -> bool:
        """Return whether a sentence of a text stands under a lead-in as it does here."""
        wholes = _wholes(text)
        place = next((place for place, (start, end, _) in enumerate(wholes) if start <= offset < end), None)
        if place is None:
            return False
        before = [said for _, _, said in wholes[:place]]
        said = wholes[place][2]
        return any(own == said and self._follows(number, before) for number, (own, _) in enumerate(self._framed))

    def _follows(self, number: int, before: Sequence[str]) -> bool:
        """Return whether what a sentence of it needs around it is the end of what stands before it."""
        framed = self._framed[number][1]
        if not framed.whole:
            return False
        lead = framed.under
        if lead is None:
            return True
        for place in range(len(before) - 1, -1, -1):
            if before[place] == self._framed[lead][0]:
                return self._follows(lead, before[:place])
            earlier = range(number - 1, lead, -1)
            number = next((each for each in earlier if self._framed[each][0] == before[place]), lead)
            if number == lead:
                return False
        return False

    def like(self, sentence: str) -> str:
        """Return its text with characters that are not seen where a sentence has such, and without them elsewhere."""
        return self.text if without_hidden(sentence) == sentence else self.passage.text

    def quote(self, statement: str) -> str:
        """Return the quote for a statement, verbatim.

        That is the statement's own words, or from the first to the last of its sentences where it leaves some out, or
        the rows that it says, or else the sentence closest to it: the one that shares the most words, and the shorter
        of two that share as many. Empty if none shares a word.
        """
        return self.stored(self._quote(without_hidden(statement)))

    def stored(self, stretch: str) -> str:
        """Return a stretch of what is seen of the passage, as the passage has it."""
        start = self.text.find(stretch) if stretch and self.text != self.passage.text else -1
        return stretch if start < 0 else as_seen(self.passage.text, start, start + len(stretch))

    def _quote(self, statement: str) -> str:
        # Words alone cannot tell `x < y` from `x > y`, and looking for the very words is also much cheaper.
        verbatim = self._stretch(statement.split()) or self._rows_quoted(statement) or self._around(statement)
        if verbatim:
            return verbatim
        said = content_words(statement)
        shared = [(len(words.occurring(said)), -len(sentence), sentence) for sentence, words in self.sentences]
        count, _, best = max(shared, key=lambda each: each[:2], default=(0, 0, ""))
        return best if count else ""

    def _rows_quoted(self, statement: str) -> str:
        rows = self.rows_in(statement)
        return self.text[rows[0].stretch.start : rows[-1].stretch.end] if rows else ""

    def _around(self, statement: str) -> str:
        """Return the stretch from the first to the last sentence of a statement that has all of them in order."""
        said = [each for _, _, each in _wholes(statement)]
        if len(said) < _JOINED or not all(each in self._spaced for each in said):
            return ""
        places: list[int] = []
        for each in said:
            after = places[-1] + 1 if places else 0
            place = next((place for place in range(after, len(self._framed)) if self._framed[place][0] == each), None)
            if place is None:
                return ""
            places.append(place)
        stretch = self.text[self._framed[places[0]][1].start : self._framed[places[-1]][1].end]
        return stretch if len(stretch) <= _MOST_AROUND else ""

    def _stretch(self, words: list[str]) -> str:
        """Return the stretch that has these words in a row, however they are spaced; empty when there is none."""
        said, spaced = " ".join(words), self._spaced
        start = spaced.find(said) if said else -1
        while start >= 0:
            end = start + len(said)
            if (start == 0 or not spaced[start - 1].isalnum()) and spaced[end : end + 1] in ("", " "):
                first = spaced.count(" ", 0, start)
                within = start - (spaced.rfind(" ", 0, start) + 1)
                text = self.text
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
        sentence, [rules.evidence(source.like(sentence), source.passage.title) for source in cited], question
    )
    conflicts = tuple(
        Conflict(
            found.kind,
            Span.within(text, offset + found.start, offset + found.end),
            cited[found.source].passage.chunk_id if found.source >= 0 else "",
            cited[found.source].stored(found.words) if found.source >= 0 else found.words,
        )
        for found in finding.conflicts
    )
    return CheckedSentence(span, finding.verdict, finding.support, finding.sources, CHECKER, conflicts)


_JOINED = 2
_MOST_AROUND = 1600
"""Code points of a quote that has more than the statement's own words: two passages' length."""

_TOKEN = re.compile(r"\S+")


@lru_cache(maxsize=32)
def _wholes(text: str) -> Sequence[tuple[int, int, str]]:
    """The sentences of a text, whole however long they are, with where they start and end: asked for each of them."""
    return [(start, end, _spaced(text[start:end])) for start, end in whole_sentences(text)]


def _line(text: str, offset: int) -> str:
    """Return the line of a text that has a code point."""
    end = text.find("\n", offset)
    return text[text.rfind("\n", 0, offset) + 1 : len(text) if end < 0 else end]


def _spaced(text: str) -> str:
    """Return what is seen of a text, with one space for all white space in a row."""
    return " ".join(without_hidden(text).split())
