"""Sentences that tell their reader to do something."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from groundwire_server.domain.fencing.hidden import without_hidden
from groundwire_server.domain.fencing.skeleton import skeleton
from groundwire_server.domain.guards.english_imperatives import (
    CLOSED,
    OBJECTS,
    VERBS,
    is_base_form,
    is_english_imperative,
    may_be_noun,
    stands_as_verb,
)
from groundwire_server.domain.guards.english_requests import english_request
from groundwire_server.domain.guards.foreign_imperatives import foreign_command, is_foreign_imperative
from groundwire_server.domain.guards.further_imperatives import (
    OBLIGING,
    POLITE,
    begins_further_command,
    ends_further_command,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OPENINGS: Final = _words(
    "aber additionally adesso afterward afterwards agora ahora also alternatively altijd always and anschließend"
    " ardından attention auch but carefully caution d'abord daarna daima danach dann depois después dopo eerst enfin"
    " ensuite finally finalmente first firstly gently immediately immer important infine instead jetzt just last"
    " lastly luego maar maintenant mais manually mas najpierw następnie next note now nu nun oder of ook optionally"
    " ora oraz otherwise ou pero poi potem prima primeiro primero puis quickly regularly schließlich second secondly"
    " sempre siempre simply slot slowly so sofort sonra step también também teraz then therefore third thirdly tip"
    " tot toujours und ve vervolgens warning zawsze zuerst önce şimdi всегда затем но потом сначала теперь أولا الآن"
    " ثم دائما अब और पहले फिर обязательно немедленно срочно сразу сейчас просто terug heute urgent"
    " sedan först nu potom nejprve zaraz natychmiast vite ahorita subito"
)
"""Words that a command may follow: those that put it in order, and conjunctions."""

_JOINING: Final = _words(
    "so then please otherwise instead sonst dann bitte sinon alors donc entonces allora então dan anders wtedy тогда"
    " and or but und oder aber et ou mais y o pero e ma mas en of maar i lub ale и или но"
)
"""Words that join a clause which may be a command to the one before it."""

_ADDING: Final = _words("and or but und oder aber et ou mais y o pero e ma mas en of maar i lub ale и или но")
"""Those after which a verb may go on with a report ("she called and asked"); a prohibition or a request is clear."""

_SUBORDINATING: Final = _words(
    "to if when for in on at before after once while unless until whenever where as should with from by during upon"
    " because since without upon every each dear hey hi hello everyone everybody everything attention no more quick"
    " um wenn falls sobald bevor nachdem für zum zur bei im pour si quand lorsque dès avant"
    " après en para cuando antes después al per se quando prima dopo depois ao om als wanneer voordat nadat voor bij"
    " aby jeśli gdy kiedy zanim po w eğer чтобы если когда перед после для при إذا عندما لكي قبل بعد अगर यदि जब"
)
"""Words that a clause or a phrase begins with behind whose comma a command may stand."""

_POLITE: Final = frozenset(
    f"{word}{comma}"
    for word in POLITE
    | _words("please kindly bitte veuillez svp gelieve proszę prosimy lütfen пожалуйста يرجى الرجاء कृपया")
    for comma in ("", ",")
)
"""Words that ask the reader for something, wherever they stand."""

_OBLIGING: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(
        _words("must should shall ought need have required requested advised instructed"), _words("you you'll")
    ),
    **dict.fromkeys(_words("müssen sollen sollten"), _words("sie")),
    **OBLIGING,
    **dict.fromkeys(_words("musst sollst solltest"), _words("du")),
    **dict.fromkeys(_words("devez devriez dois"), _words("vous tu")),
    **dict.fromkeys(_words("debe debes deberá deberás tiene tienes"), _words("usted tú")),
    **dict.fromkeys(_words("deve devi dovete"), _words("lei tu voi você si")),
    **dict.fromkeys(_words("precisa"), _words("você")),
    **dict.fromkeys(_words("moet dient"), _words("u je jij")),
    **dict.fromkeys(_words("musisz powinieneś"), _words("musisz powinieneś")),
    **dict.fromkeys(_words("должны должен обязаны"), _words("вы ты")),
    **dict.fromkeys(_words("нужно необходимо следует"), _words("вам тебе")),
    "favor": _words("por"),
    "favore": _words("per"),
    "prega": _words("si"),
    "faut": _words("il vous"),
    **dict.fromkeys(_words("عليك"), _words("يجب")),
    **dict.fromkeys(_words("चाहिए"), _words("आपको")),
}
"""Words of obligation, and those beside which they oblige the reader."""

_ADVERBS: Final = _words(
    "are hereby also now then first always still only never not immediately therefore auch immer nun aussi también"
)
"""Words between a reader and what obliges."""

_CONDITIONAL: Final = _words(
    "if when unless whether that what where once until which why how as before after wenn falls dass ob si quand que"
    " cuando se quando als dat jeśli gdy że если когда что"
)
"""Words before a reader who is obliged only where a condition holds, or is said to be."""

_STATIVE: Final = _words("be have sein être ser essere zijn być быть")
"""Verbs of what one must be or have: a condition, and no command."""

_TELLING: Final = _POLITE | frozenset(_OBLIGING)
_UNMISTAKABLE: Final = _POLITE | _words("do don't don’t never")

_MARKS: Final = "-–—*+•>#\"'“”‘’«»„()[]{}.,;:!?¡¿…_`|।"
_COMMA: Final = re.compile(r", [\"“«„'‘(]*")
_JOINED: Final = re.compile(rf", (?=(?:{'|'.join(sorted(_JOINING))}) )")
_STOP: Final = re.compile(r"[;:–—!?-](?<!\w-)[\"“”«„'’)]*\s+[\"“«„'‘(]*")
_NUMBERING: Final = re.compile(r"[\W_]*+(?:(?:[\d.]+|[ivx]{1,4}[.)]|[a-z][.)\]])[\W_]*+)?")
"""What an item begins with: bullets, boxes, arrows and other signs, numbers and letters."""

_TURKISH_ENDS: Final = ("n", "z")
_MARKUP: Final = re.compile(r"</?[a-z][^<>]{0,200}>|\]\([^()]{0,400}\)", re.IGNORECASE)
_SPLICED: Final = re.compile(r", (?=[^\W\d_]+ (?:the|your|my|our|this|these|those|them|it|us|me|now|here)\b)")
_BEING: Final = _words("is are was were isn't aren't")
"""Verbs of a main clause behind whose comma no list of its verbs goes on: another clause begins there."""

_SHORT_CLAUSE: Final = re.compile(
    r"(?:(?:if|when|where|as) (?:in doubt|necessary|needed|required|possible|prompted|asked|unsure|ready|done|finished)"
    r"|in case of \w+|(?:on|upon|after|before) (?:the )?\w+) "
)
"""What stands before a command without a comma."""

_ASKING: Final = "?؟\uff1f"
_NEAR: Final = 4
_HEAD: Final = 96
_FIRST: Final = 8
"""Words behind the first, code points and words of a clause that are looked at for what it begins with."""


def command_in(sentence: str) -> int | None:
    """Return where a sentence begins to tell its reader to do something, in code points; None where it does not.

    Looked at are its clauses: the first, what follows a colon, a semicolon or a dash, and what follows the comma of
    "To do this, …" or "…, but …". Of questions only English ones are ("Send it, will you?"): elsewhere many begin as
    commands do. The time is in proportion to the length.
    """
    found = _found(sentence)
    if found is not None:
        return found
    plain = sentence
    if "<" in plain or "](" in plain:
        plain = _MARKUP.sub(" ", plain)
    if not plain.isascii():
        plain = without_hidden(plain)
    if plain != sentence and _found(plain) is not None:
        return 0
    # Letters of other scripts that look like Latin ones.
    return None if plain.isascii() or _found(skeleton(plain).lower()) is None else 0


def _found(sentence: str) -> int | None:
    lower = sentence.lower()
    if len(lower) != len(sentence):
        # A letter whose lower case is two: places would move.
        lower = sentence
    words = lower.split()
    if not words:
        return None
    if _begins_command(words, sentence, 0):
        return 0
    if not _TELLING.isdisjoint(words):
        for place, word in enumerate(words):
            if word in _TELLING and _obliges(words, place, sentence):
                return lower.find(word)
    last = words[-1].rstrip(_MARKS)
    if words[-1][-1] not in _ASKING and (last[-1:] in _TURKISH_ENDS or not lower.isascii()):
        found = foreign_command(lower, last)
        if found is not None:
            return found
        if ends_further_command(lower, sentence.rsplit(maxsplit=1)[-1].rstrip(_MARKS)):
            return 0
    found = english_request(lower, words)
    if found is not None:
        return found
    first = words[0].strip(_MARKS)
    return _later(sentence, lower, subordinate=first in _SUBORDINATING or first.endswith("ing"))


def _later(sentence: str, lower: str, *, subordinate: bool) -> int | None:
    """Return where a clause behind the first commands.

    Args:
        sentence: as it is written.
        lower: in lower case.
        subordinate: whether it begins with "if", "to" and the like, so that any of its commas may end that clause.
    """
    begins = [each.end() for each in (_COMMA if subordinate else _JOINED).finditer(lower)]
    if subordinate:
        begins += (each.end() for each in (_SHORT_CLAUSE.match(lower),) if each)
    elif "," in lower and not _BEING.isdisjoint(lower.split()):
        begins += (each.end() for each in _SPLICED.finditer(lower))
    begins += (each.end() for each in _STOP.finditer(lower))
    for begin in begins:
        words = lower[begin : begin + _HEAD].split(None, _FIRST)
        if words[:1] and words[0] in _ADDING and not (len(words) > 1 and words[1] in _UNMISTAKABLE):
            continue
        if _begins_command(words, sentence, begin):
            return begin
    return None


def _begins_command(words: Sequence[str], sentence: str, begin: int) -> bool:
    """Return whether a clause commands that begins at a place, behind words that put it in order.

    Args:
        words: of the clause, in lower case.
        sentence: that has it.
        begin: where it begins there.
    """
    place = 0
    for each in words:
        word = each.strip(_MARKS)
        place += 1
        if not word or _NUMBERING.fullmatch(each) or (word in _OPENINGS and word not in VERBS):
            continue
        if word in CLOSED or (word == "do" and sentence.rstrip()[-1] in _ASKING):
            return False
        if each[-1] == ":":
            # "Contact: Maria" names what follows, and "To see it, run:" commands.
            return place == len(words) and is_base_form(word)
        following = words[place].strip(_MARKS) if place < len(words) else ""
        if begins_further_command(word, following, sentence) and sentence.rstrip()[-1] not in _ASKING:
            return True
        if "-" in word:
            # "Double-click".
            word = word.rpartition("-")[2]
        named = following in OBJECTS and _names(sentence, begin, place)
        paused = each[-1] in ",;"
        if is_english_imperative(word, following, first=begin == 0, paused=paused, named=named):
            return not may_be_noun(word, following) or stands_as_verb(
                [near.strip(_MARKS) for near in words[place : place + _NEAR]]
            )
        return sentence.rstrip()[-1] not in _ASKING and is_foreign_imperative(word, following, paused=paused)
    return False


def _obliges(words: Sequence[str], place: int, sentence: str) -> bool:
    """Return whether a word asks or obliges the reader, with those beside it."""
    word = words[place]
    if word in _POLITE:
        return True
    readers = _OBLIGING.get(word)
    if readers is None:
        return False
    before = [each.strip(_MARKS) for each in words[max(0, place - 3) : place]]
    behind = [each.strip(_MARKS) for each in words[place + 1 : place + 3]]
    while before and before[-1] in _ADVERBS:
        before.pop()
    reader = before[-1] if before else ""
    if reader not in readers and not (behind[:1] == ["sie"] and "sie" in readers):
        return False
    if reader == "sie" and "Sie" not in sentence:
        # They, and not you.
        return False
    conditional = len(before) > 1 and before[-2] in _CONDITIONAL
    return not conditional and _STATIVE.isdisjoint(behind) and (word not in ("need", "have") or behind[:1] == ["to"])


def _names(sentence: str, begin: int, place: int) -> bool:
    """Return whether the second word behind a number of words of a clause begins with a capital."""
    words = sentence[begin : begin + _HEAD].split(None, place + 2)
    return len(words) > place + 1 and words[place + 1].strip(_MARKS)[:1].isupper()
