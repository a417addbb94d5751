"""Putting back what placeholders stand for, in whatever form a model writes them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

_SEPARATORS: Final = re.compile(r"[\\_ -]+")

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
        self._likely = re.compile(rf"(?:{bracketed}){_BETWEEN}{_NUMBER}")
        self._pattern = re.compile(
            rf"{_OPENING} ?((?:{bracketed}){_BETWEEN}{_NUMBER}) ?{_CLOSING}"
            rf"|(?<![A-Z0-9_])((?:{bare}){_IN_BARE}{_NUMBER})(?![A-Z0-9_])"
        )

    def names_in(self, text: str) -> Iterator[str]:
        """Yield the name of each placeholder that a text may have once what stands around it is masked."""
        upper, at = _ascii_upper(text), 0
        while found := self._likely.search(upper, at):
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
        if self._likely.search(upper) is None:
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


def _name(written: str) -> str:
    return _SEPARATORS.sub("_", written)


def _ascii_upper(text: str) -> str:
    """Return a text with its ASCII letters in upper case, and each of its code points in its place."""
    return (
        text.upper()
        if text.isascii()
        else text.encode("utf-8", "surrogatepass").upper().decode("utf-8", "surrogatepass")
    )
