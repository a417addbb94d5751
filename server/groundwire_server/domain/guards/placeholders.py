"""Numbered placeholders in the texts of one call, and putting back what they stand for in a reply."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.masking import MaskedText, mask, merged

_WORD: Final = re.compile(r"[^\W_]+")
_NO_WORD: Final = re.compile(r"[^A-Z0-9]+")
_SEPARATORS: Final = re.compile(r"[\\_ -]+")

_SHORTEST: Final = 4
"""Code points from which on words that were found once are masked wherever they stand: a shorter number or name also
stands for something else."""

_OPENING, _CLOSING = r"[\[<{\u3010\uff3b]", r"[\]>}\u3011\uff3d]"
_BETWEEN: Final = r"\\{0,2}[_ -]"
"""What models write between the parts of a placeholder; some escape the low line, as Markdown does."""
_IN_BARE: Final = r"\\{0,2}_"
_NUMBER: Final = r"[0-9]{1,6}"

_BEGUN: Final = re.compile(
    rf"(?:{_OPENING} ?|(?<![A-Za-z0-9_])(?=[A-Za-z]))(?:[A-Za-z0-9]|[\\_ -])*(?:{_CLOSING})?", re.ASCII
)
_AROUND: Final = 4
"""Brackets and spaces around a placeholder's name."""


class Placeholders:
    """Placeholders such as `[EMAIL_1]` in the texts of one call.

    The same words have the same placeholder in all of them, and words that are found in one text, by what stands around
    them, are masked in the others as well. Numbers follow the order of the texts, so that texts which begin alike are
    masked alike. What already looks like a placeholder in a text is never one.

    Args:
        find: returns what is to be masked in a text.
        texts: all of the call.
        written: returns how words are written in a model's reply, such as in a string of JSON: where a text holds a
            reply, they are masked there too.

    Attributes:
        originals: the words that each placeholder stands for.
    """

    def __init__(
        self,
        find: Callable[[str], Iterable[Finding]],
        texts: Iterable[str],
        written: Callable[[str], str] = str,
    ) -> None:
        found = {text: list(merged(find(text))) for text in dict.fromkeys(texts)}
        known = {text[each.start : each.end]: each.category for text, own in found.items() for each in own}
        self._originals: dict[str, str] = {}
        self.originals: Mapping[str, str] = MappingProxyType(self._originals)
        self._masked: dict[str, MaskedText] = {}
        if not known:
            return
        forms = PlaceholderForms({_word(category) for category in known.values()})
        self._reserved = {name for text in found for name in forms.names_in(text)}
        self._given: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._known = _KnownWords(known, written)
        for text, own in found.items():
            others = self._known.find(text) if self._known.likely_in(mask(text, own, _left_out).text) else ()
            self._masked[text] = mask(text, [*own, *others], self._placeholder)

    def masked(self, text: str) -> MaskedText:
        """Return one of the texts with its placeholders."""
        return self._masked.get(text) or MaskedText(text)

    def mask(self, text: str) -> str:
        """Return one of the texts with its placeholders, as a string."""
        return self.masked(text).text

    def _placeholder(self, category: str, original: str) -> str:
        original = self._known.as_found(original)
        if (given := self._given.get(original)) is not None:
            return given
        word = _word(category)
        number = self._numbers.get(word, 0) + 1
        while (name := f"{word}_{number}") in self._reserved:
            number += 1
        self._numbers[word] = number
        self._given[original] = f"[{name}]"
        self._originals[f"[{name}]"] = original
        return self._given[original]


class PlaceholderForms:
    """The forms in which models write placeholders: `[EMAIL_1]`, `[email 1]`, `<Email-1>`, `EMAIL_1`.

    Args:
        words: of the placeholders, such as `EMAIL`; upper-case letters, digits and low lines.
    """

    def __init__(self, words: Iterable[str]) -> None:
        longest_first = sorted(words, key=len, reverse=True)
        bracketed, bare = (
            "|".join(word.replace("_", between) for word in longest_first) for between in (_BETWEEN, _IN_BARE)
        )
        # Nearly all texts have no such name, and that is found out sooner: it begins with letters.
        self._name = re.compile(rf"(?:{bracketed}){_BETWEEN}{_NUMBER}")
        self._pattern = re.compile(
            rf"{_OPENING} ?((?:{bracketed}){_BETWEEN}{_NUMBER}) ?{_CLOSING}"
            rf"|(?<![A-Z0-9_])((?:{bare}){_IN_BARE}{_NUMBER})(?![A-Z0-9_])"
        )

    def names_in(self, text: str) -> Iterator[str]:
        """Yield the name of each placeholder that a text may have once what stands around it is masked."""
        upper, at = _ascii_upper(text), 0
        while found := self._name.search(upper, at):
            word, _, number = _name(found[0]).rpartition("_")
            yield from (f"{word}_{number[:digits]}" for digits in range(1, len(number) + 1))
            at = found.start() + 1

    def replaced(self, text: str, start: int, end: int, originals: Mapping[str, str]) -> str:
        """Return a stretch of a text with the originals of the placeholders in it; others stay.

        Args:
            text: with what stands around the stretch, which decides whether a placeholder ends there.
            start: of the stretch.
            end: of the stretch; exclusive.
            originals: by the names of the placeholders.
        """
        upper = _ascii_upper(text)
        if self._name.search(upper) is None:
            return text[start:end]
        pieces: list[str] = []
        at = done = start
        while found := self._pattern.search(upper, at, end):
            original = originals.get(_name(found[1] or found[2]))
            if original is None:
                at = found.start() + 1
                continue
            pieces += text[done : found.start()], original
            at = done = found.end()
        return "".join([*pieces, text[done:end]])


class Restorer:
    """Puts originals back into a reply that comes in pieces.

    A placeholder that is split over pieces is held back until it is whole, or cannot become one any more.

    Args:
        originals: the words that each placeholder stands for.
        written: returns how words are written in the reply, as in a string of JSON.
    """

    def __init__(self, originals: Mapping[str, str], written: Callable[[str], str] = str) -> None:
        self._originals = {_name(placeholder.strip("[]")): written(words) for placeholder, words in originals.items()}
        self._forms = PlaceholderForms({name.rpartition("_")[0] for name in self._originals})
        self._beginnings = {name[:length] for name in self._originals for length in range(len(name) + 1)}
        self._longest = max((len(name) + 2 * name.count("_") for name in self._originals), default=0) + _AROUND
        self._before = ""
        self._held = ""

    def feed(self, text: str) -> str:
        """Take the next piece and return what is certain, which may be nothing."""
        return self._release(text, at_end=False)

    def rest(self) -> str:
        """Return what is held back, at the end of the reply."""
        return self._release("", at_end=True)

    def _release(self, text: str, *, at_end: bool) -> str:
        # The sign before it decides whether a word without brackets begins here.
        start = len(self._before)
        whole = self._before + self._held + text
        end = len(whole) if at_end else self._certain(whole, start)
        self._before, self._held = whole[max(0, end - 1) : end], whole[end:]
        return self._forms.replaced(whole, start, end, self._originals)

    def _certain(self, text: str, start: int) -> int:
        """Return up to where no placeholder has begun that the next piece could go on with."""
        at = max(start, len(text) - self._longest)
        while begun := _BEGUN.search(text, at):
            if begun.end() == len(text) and self._may_become(begun[0]):
                return begun.start()
            at = begun.start() + 1
        return len(text)

    def _may_become(self, text: str) -> bool:
        """Return whether a text may be the beginning of a placeholder, or a whole one that may go on."""
        bracketed = not text[0].isalpha()
        if bracketed and re.fullmatch(_CLOSING, text[-1]):
            return False
        name = _SEPARATORS.sub("_", _ascii_upper(text[1:].lstrip(" ") if bracketed else text))
        return name in self._beginnings or (bracketed and name.rstrip("_") in self._originals)


class _KnownWords:
    """Words that were found in one text, to be found in the others.

    Args:
        known: the words, each with its category.
        written: returns how they are written in a reply.
    """

    def __init__(self, known: Mapping[str, str], written: Callable[[str], str]) -> None:
        self._spelled = {spelling: words for words in known for spelling in (written(words), words)}
        self._categories = {
            spelling: known[words] for spelling, words in self._spelled.items() if len(spelling) >= _SHORTEST
        }
        self._longest = max(map(len, self._categories), default=0)
        self._by_core: dict[str, list[tuple[str, int]]] = {}
        self._counts: dict[str, set[int]] = {}
        for spelling in sorted(self._categories, key=len, reverse=True):
            if found := list(_WORD.finditer(spelling)):
                start, end = found[0].start(), found[-1].end()
                self._by_core.setdefault(spelling[start:end], []).append((spelling, start))
                self._counts.setdefault(found[0][0], set()).add(len(found))

    def likely_in(self, text: str) -> bool:
        """Return whether `find` may find something."""
        return self._with(text) is not None or not self._counts.keys().isdisjoint(_WORD.findall(text))

    def find(self, text: str) -> Sequence[Finding]:
        """Return where any of the words stand, whole, or all of a text that is a part of them."""
        if (whole := self._with(text)) is not None:
            return [Finding(self._categories[whole], 0, len(text))]
        spans = [word.span() for word in _WORD.finditer(text)]
        return [found for first in range(len(spans)) if (found := self._at(text, spans, first)) is not None]

    def as_found(self, words: str) -> str:
        """Return the words as they were found first."""
        return self._spelled.get(self._with(words) or words, words)

    def _with(self, text: str) -> str | None:
        """Return words that have more in them than a text which says much of them, such as a number cut short."""
        if not _SHORTEST <= len(text) < self._longest or text in self._spelled:
            return None
        return next((words for words in self._categories if text in words), None)

    def _at(self, text: str, spans: Sequence[tuple[int, int]], first: int) -> Finding | None:
        """Return where known words stand that begin with a word of a text, the longest of them."""
        start, end = spans[first]
        for count in sorted(self._counts.get(text[start:end], ()), reverse=True):
            if first + count > len(spans):
                continue
            for words, before in self._by_core.get(text[start : spans[first + count - 1][1]], ()):
                at = start - before
                if at >= 0 and text.startswith(words, at):
                    return Finding(self._categories[words], at, at + len(words))
        return None


def _left_out(_category: str, _original: str) -> str:
    return " "


def _word(category: str) -> str:
    return _NO_WORD.sub("_", category.upper()).strip("_")


def _name(written: str) -> str:
    return _SEPARATORS.sub("_", written)


def _ascii_upper(text: str) -> str:
    """Return a text with its ASCII letters in upper case, and each of its code points in its place."""
    return (
        text.upper()
        if text.isascii()
        else text.encode("utf-8", "surrogatepass").upper().decode("utf-8", "surrogatepass")
    )
