"""The handles by which a model cites the passages of its prompt, in the ways in which models write them."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause

_MOST_CITES: Final = 64
"""Citations of a segment."""

_INNER: Final = 80
"""Characters between the brackets of a marker, at most."""

_BRACKETS: Final = rf"(?:\[{{1,2}}[^\[\]]{{1,{_INNER}}}\]{{1,2}}|\([^()]{{1,{_INNER}}}\)|【[^【】]{{1,{_INNER}}}】)"
_MARKER: Final = re.compile(rf" *{_BRACKETS}")
_RUN: Final = re.compile(rf" *{_BRACKETS}(?:(?:[ ,;&]|\band\b)*{_BRACKETS})*")
_BEGUN: Final = re.compile(rf" *(?:\[{{1,2}}[^\[\]]{{0,{_INNER}}}|\([^()]{{0,{_INNER}}}|【[^【】]{{0,{_INNER}}})\Z")
_AND_MORE: Final = re.compile(rf"(?P<marker>{_BRACKETS})(?:[ ,;&]|\ba(?:nd?)?)*\Z")
"""A marker at the end of a text that still grows: what follows it may join it to the next."""

_OPENING: Final = re.compile(r"[\[(【]")
_BETWEEN: Final = re.compile(r"[\s,;&\[\]()【】^]+")
_JOINING: Final = frozenset({"", "and", "see"})
_NAMING: Final = frozenset({"passage", "passages", "source", "sources"})


class CitationHandles:
    """The handles of a prompt's passages, such as `p1`, and what models make of them: `[p1]`, `P1`, `1`, `p1, p2`.

    Args:
        passages: by handle.
    """

    def __init__(self, passages: Mapping[str, Passage]) -> None:
        self._known = {handle.casefold(): handle for handle in passages}
        self._numbers = {handle.lstrip("p"): handle for handle in passages}
        self._passages = passages

    @cached_property
    def _texts(self) -> Sequence[str]:
        """What the passages say, without white space."""
        return ["".join(passage.text.split()) for passage in self._passages.values()]

    def cited(self, cites: object) -> tuple[str, ...]:
        """Return the handles that a segment cites, each once; one that is not known as the model wrote it.

        Args:
            cites: the segment's citations: a list of strings and numbers, or one of these alone.

        Raises:
            Failure: OUTPUT_MALFORMED for anything else.
        """
        if cites is None:
            return ()
        each = cites if isinstance(cites, list) else [cites]
        if len(each) > _MOST_CITES or any(type(cite) not in (str, int) for cite in each):
            raise Failure(Cause.OUTPUT_MALFORMED)
        return tuple(dict.fromkeys(handle for cite in each for handle in self._handles(str(cite))))

    def without_markers(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Return a text without the markers in it, and the handles that they name.

        A bracket that names anything but known handles stays, and so does one that a passage has itself: it may be a
        quotation.
        """
        if not self._known or not _OPENING.search(text):
            return text, ()
        found: list[str] = []

        def replaced(run: re.Match[str]) -> str:
            named = [(marker, self._marked(marker[0].strip())) for marker in _MARKER.finditer(run[0])]
            found.extend(handle for _, handles in named for handle in handles)
            if all(handles for _, handles in named):
                return ""
            rest = run[0]
            for marker, handles in reversed(named):
                rest = rest[: marker.start()] + rest[marker.end() :] if handles else rest
            return rest

        return _RUN.sub(replaced, text).rstrip().lstrip(" "), tuple(dict.fromkeys(found))

    def settled(self, text: str) -> str:
        """Return what of a text that is still growing holds no marker and nothing that may become part of one."""
        if not self._known or not _OPENING.search(text):
            return text
        text = _AND_MORE.sub(r"\g<marker>", _BEGUN.sub("", text))
        return self.without_markers(text)[0]

    def _handles(self, cite: str) -> Sequence[str]:
        """Those in one citation."""
        cite = cite.strip()
        if not cite or cite in self._known:
            return [cite] if cite else []
        return self._named(cite, numbers=True) or [cite]

    def _marked(self, marker: str) -> Sequence[str]:
        """Those that a marker names; none of a bracket that is no marker."""
        # A number in round brackets is more often that of an item.
        named = self._named(marker.partition("†")[0], numbers=marker[0] != "(")
        quoted = "".join(marker.split())
        return named if named and not any(quoted in text for text in self._texts) else []

    def _named(self, text: str, *, numbers: bool) -> Sequence[str]:
        """The handles in a text that holds nothing besides; none of any other text."""
        handles: list[str] = []
        for word in _BETWEEN.split(text.casefold()):
            if word in _NAMING:
                numbers = True
            elif word not in _JOINING:
                handle = self._known.get(word) or (self._numbers.get(word) if numbers else None)
                if handle is None:
                    return []
                handles.append(handle)
        return handles
