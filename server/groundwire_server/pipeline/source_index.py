"""Finding the sources that are worth comparing a sentence with, among more than could be compared with each."""

from collections.abc import Iterator, Sequence

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.text.words import content_words
from groundwire_server.pipeline.support import Source

MOST = 4
"""The most sources that a sentence is compared with."""

_WINDOW = 600
"""Code points after which a window ends with its sentence: a long source that has the words of a sentence here and
there says less about it than one that has them side by side."""

_FOLLOWED = 2000
"""The most windows that are looked at for a sentence: its rarest words decide, and a word that stands in all windows of
200 facts of 10,000 characters distinguishes none of them."""


class SourceIndex:
    """The sources of a check, each found by the content words that it has side by side.

    It is built once, source by source, and looking a sentence up takes a bounded time however many there are.
    """

    def __init__(self) -> None:
        self._sources: list[Source] = []
        self._places: dict[str, int] = {}
        self._owners: list[int] = []
        self._windows: dict[str, list[int]] = {}

    def add(self, passage: Passage) -> None:
        """Add a passage."""
        for window in _windows(passage.text):
            for word in content_words(window):
                self._windows.setdefault(word, []).append(len(self._owners))
            self._owners.append(len(self._sources))
        self._places[passage.chunk_id] = len(self._sources)
        self._sources.append(Source(passage))

    def closest(self, words: frozenset[str], found: Sequence[str] = ()) -> Sequence[Source]:
        """Return the sources that share the most of some content words, best first; all of them where they are few.

        Each adds words that those before it lack, as a sentence may join what two sources say; then those follow that
        share half as many as the best, as one of them may say otherwise. Where none shares a word, the first source is
        returned: by it can be said that the languages differ.

        Args:
            words: content words.
            found: ids of passages that a search found, best first: half of the places are theirs, since a search by
                vector finds what is said in other words. Some may be no sources, as a guard left them out.
        """
        if len(self._sources) <= MOST:
            return self._sources
        chosen = list(self._sharing(words, MOST // 2 if found else MOST))
        for passage_id in found:
            place = self._places.get(passage_id)
            if len(chosen) < MOST and place is not None and place not in chosen:
                chosen.append(place)
        return [self._sources[place] for place in chosen or (0,)]

    def _sharing(self, words: frozenset[str], most: int) -> Iterator[int]:
        """Yield the places of the sources that share words, the best first, as `closest` says."""
        shared = self._shared(words)
        best = max((mask.bit_count() for mask in shared.values()), default=0)
        covered = 0
        for _ in range(min(most, len(shared))):
            place = max(
                shared, key=lambda each: ((shared[each] & ~covered).bit_count(), shared[each].bit_count(), -each)
            )
            mask = shared.pop(place)
            if not mask & ~covered and mask.bit_count() * 2 < best:
                return
            covered |= mask
            yield place

    def _shared(self, words: frozenset[str]) -> dict[int, int]:
        """Return which words the best window of each source has, as the bits of a number."""
        known = sorted((len(self._windows[word]), word) for word in words if word in self._windows)
        masks: dict[int, int] = {}
        looked_at = 0
        for place, (count, word) in enumerate(known):
            looked_at += count
            if place and looked_at > _FOLLOWED:
                break
            for window in self._windows[word]:
                masks[window] = masks.get(window, 0) | 1 << place
        shared: dict[int, int] = {}
        for window, mask in masks.items():
            owner = self._owners[window]
            if mask.bit_count() > shared.get(owner, 0).bit_count():
                shared[owner] = mask
        return shared


def _windows(text: str) -> Iterator[str]:
    """Yield stretches of whole sentences."""
    begin, last = -1, 0
    for start, end in sentences(text):
        begin = start if begin < 0 else begin
        last = end
        if end - begin >= _WINDOW:
            yield text[begin:end]
            begin = -1
    if begin >= 0:
        yield text[begin:last]
