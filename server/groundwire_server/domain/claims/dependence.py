"""Whether a sentence can be left out, or stand after one that was.

Both questions are answered for English, German, French, Spanish, Italian, Dutch and Portuguese, by closed classes of
words: where a word may be meant in two ways, it counts. Of a text in another script nothing is known, and so everything
is assumed of it.
"""

import re
from typing import Final

from groundwire_server.domain.claims.language import language
from groundwire_server.domain.claims.lexicon import CONDITIONS, QUANTIFIERS, STRONG_NEGATORS
from groundwire_server.domain.text.fold import fold
from groundwire_server.domain.text.sentences import has_end, is_item

_COVERED: Final = frozenset(("", "en", "de", "fr", "es", "it", "nl", "pt"))
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

_REFERRING: Final = frozenset(
    """
this that it they he she these those such its their his her them there here both neither either therefore thus hence
consequently accordingly so then otherwise instead also besides moreover furthermore additionally likewise similarly
meanwhile afterwards afterward later finally next however but yet still nevertheless nonetheless though although and or
it's that's they're he's she's there's
dies diese dieser dieses diesem diesen er sie es jene jener jenes ihr ihre sein seine solche solcher solches letztere
letzterer letzteres erstere ersterer ersteres deshalb daher darum deswegen folglich somit also dann danach dabei dafür
damit daraus außerdem zudem ebenso jedoch aber allerdings dennoch trotzdem andernfalls sonst stattdessen beide und oder
ce cela ceci cet cette ces c'est il elle ils elles celui celle ceux celles son sa ses leur leurs tel telle tels telles
donc ainsi alors puis ensuite aussi également cependant toutefois mais pourtant néanmoins sinon autrement et ou
esto este esta estos estas eso ese esa esos esas aquel aquella aquello él ella ellos ellas ello su sus tal tales dicho
dicha dichos dichas así entonces luego después además también pero
questo questa questi queste quest'ultimo quest'ultima ciò quello quella quelli quelle esso essa essi esse lui lei loro
tale tali suo sua suoi sue quindi perciò dunque pertanto così poi inoltre anche però ma tuttavia invece altrimenti
dit dat deze die hij zij ze hun haar zijn zulke dergelijke laatstgenoemde daarom dus daardoor daarna bovendien ook
echter maar toch anders en of
isto isso aquilo esta estes estas esse essa esses essas aquele aquela ele ela eles elas seu seus suas assim portanto
logo então depois além também porém mas contudo entretanto
""".split()
)
"""Words that point back where a sentence begins with them."""

_REFERRING_PAIRS: Final = frozenset(
    tuple(pair.split())
    for pair in (
        "the latter, the former, the same, the two, as such, as a, in addition, in contrast, in this, in that, for"
        " example, for instance, for this, because of, after that, after this, on the, at that, ce dernier, cette"
        " dernière, en outre, de plus, par conséquent, el último, la última, sin embargo, no obstante, por lo, por eso,"
        " en cambio, no entanto, por isso, per questo, in questo, zum beispiel, das ist, das war, das gilt, das sind"
    ).split(", ")
)
"""Two words that point back where a sentence begins with them; neither does so alone."""

_CONTRASTING: Final = frozenset(
    """
but however though although despite yet nevertheless nonetheless instead rather besides apart alone
aber jedoch allerdings obwohl trotz sondern ausgenommen mais cependant toutefois pourtant malgré pero aunque ma però
tuttavia tranne maar echter hoewel behalve mas porém contudo embora
""".split()
)
_ONLY: Final = frozenset(word for word, kind in QUANTIFIERS.items() if kind == "only")
_QUALIFYING: Final = frozenset(map(fold, STRONG_NEGATORS | CONDITIONS | _CONTRASTING | _ONLY))


def refers_back(sentence: str) -> bool:
    """Return whether a sentence may lean on the one before it: "It …", "The latter …", "However, …"."""
    if language(sentence) not in _COVERED:
        return True
    # Not folded: Spanish `él` points back, and `el` does not.
    words = _words(sentence)[:2]
    return bool(words) and (words[0] in _REFERRING or tuple(words) in _REFERRING_PAIRS)


def stands_alone(sentence: str) -> bool:
    """Return whether a sentence frames nothing that follows: a lead-in, a heading, a question or a clause does."""
    return is_item(sentence) or (has_end(sentence) and not sentence.rstrip().endswith(("?", "？", "؟")))


def qualifies(sentence: str) -> bool:
    """Return whether a sentence may carry an exception, a condition or a denial: without it others would say more."""
    if language(sentence) not in _COVERED:
        return True
    return any(fold(word) in _QUALIFYING or word.endswith("n't") for word in _words(sentence))


def _words(sentence: str) -> list[str]:
    return _WORD.findall(sentence.lower().replace("’", "'"))
