"""A sentence that a model writes over several segments: what each says alone is not what they say together."""

from collections.abc import Sequence

from groundwire_server.domain.answer import CheckedSegment
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.policy import ReleasePolicy
from groundwire_server.domain.refused import SentenceFailure
from groundwire_server.domain.text.sentences import has_end, is_item, sentences
from groundwire_server.domain.text.stop_words import STOP_WORDS
from groundwire_server.domain.vocabulary import Cause, Verdict
from groundwire_server.pipeline.judge import STANDING, JudgedSegment, refused_sentence
from groundwire_server.pipeline.support import Source, check_sentence
from groundwire_server.pipeline.trust import hold_to_trust


class UnfinishedSentence:
    """The last sentence so far, as far as the next segment may go on with it.

    Args:
        released: the segments that stand already.
        sources: the passages that could carry a sentence.
        rules: judge sentences.
        question: what is answered.
        policy: what the route lets leave.
    """

    def __init__(
        self,
        released: Sequence[CheckedSegment],
        sources: Sequence[Source],
        rules: RuleChecker,
        question: str,
        policy: ReleasePolicy,
    ) -> None:
        self._policy = policy
        self._sources = sources
        self._rules = rules
        self._question = question
        self._text = ""
        self._cited: tuple[Source, ...] = ()
        for segment in released:
            named = {citation.passage.chunk_id for citation in segment.citations}
            cited = tuple(source for source in sources if source.passage.chunk_id in named)
            text = segment.unmasked.strip()
            self._take(text, cited, joined=_goes_on(self._text, text))

    def go_on(self, segment: JudgedSegment) -> None:
        """Take the next segment.

        Raises:
            SentenceFailure: when the sentence that it goes on with is not carried by what the segments of it cite.
        """
        added = segment.text.strip()
        joined = _goes_on(self._text, added)
        before = self._text
        self._take(added, segment.cited, joined=joined)
        if not joined:
            return
        text = f"{before} {added}"
        start, end = sentences(text)[0]
        judged = check_sentence(text[start:end], text, start, self._cited, self._rules, self._question)
        checked = hold_to_trust(text[start:end], self._cited, judged, self._rules, self._question, self._policy)
        if checked.verdict not in STANDING and checked.verdict is not Verdict.NOT_A_CLAIM:
            cause = Cause.CONTRADICTED if checked.verdict is Verdict.CONTRADICTED else Cause.UNSUPPORTED
            whole = JudgedSegment(text, self._cited, added=False, sentences=(checked,))
            raise SentenceFailure(cause, refused_sentence(whole, checked, self._sources))

    def _take(self, text: str, cited: Sequence[Source], *, joined: bool) -> None:
        whole = f"{self._text} {text}" if joined else text
        start, end = (sentences(whole) or [(0, 0)])[-1]
        self._cited = tuple(dict.fromkeys((*self._cited, *cited))) if joined else tuple(cited)
        self._text = whole[start:end]


def _goes_on(before: str, text: str) -> bool:
    """Return whether a text goes on with the sentence before it, and is no heading, item or entry of its own."""
    if not before or not text:
        return False
    if text[0].islower():
        return True
    if has_end(before) or before.endswith(":"):
        return False
    hangs = before.endswith((",", ";", "–", "—", "-")) or before.rsplit(maxsplit=1)[-1].casefold() in STOP_WORDS
    return hangs or (text[0].isdecimal() and not is_item(text))
