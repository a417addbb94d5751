"""Rewordings: the same in other words, in another order, or less of it, and two statements joined."""

import re
from collections.abc import Callable

from bench.fitting.material import Material, capitalized, replace, spans

Rewording = Callable[[str, Material], str]

_SYNONYMS = (
    "began/started, large/big, many/numerous, used/employed, called/named, such as/like, however/but,"
    " also/in addition, about/approximately, began/commenced, help/assist, show/demonstrate, shows/demonstrates,"
    " important/significant, founded/established, made/produced, built/constructed, located/situated,"
    " died/passed away, received/got, allowed/permitted, requires/needs, required/needed, created/set up,"
    " main/principal, nearly/almost, because/since, often/frequently, usually/normally, several/a number of,"
    " different/various, became/turned into, needed/necessary, people/persons, country/nation, city/town,"
    " entire/whole, led to/resulted in, due to/because of, obtained/acquired, world's/global, refers to/means,"
    " consists of/is made up of, provides/offers, provide/offer, contains/holds, known as/called, goal/aim,"
    " purpose/aim, method/approach, problem/issue, century/hundred years, remains/stays, left/departed, arrived/came,"
    " decided/chose, said/stated, wrote/authored, given/granted, sent/dispatched, moved/relocated, fast/quick,"
    " work/labour, child/kid, buy/purchase, end/finish, whole/entire"
).split(", ")
_MOST_SYNONYMS = 3

_COUNT = dict(
    zip(
        "1 2 3 4 5 6 7 8 9 10 12 20".split(),
        "one two three four five six seven eight nine ten twelve twenty".split(),
        strict=True,
    )
)
_SMALL = re.compile(r"(?<![\d.,-])(?:[1-9]|10|12|20)(?= [a-z]{3,})")
_GROUPS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_PER_CENT = re.compile(r" per ?cent\b")

_FRONT = re.compile(
    r"((?:In|On|At|By|During|After|Before|Since|Under|From|For|With|Although|When|While|If|As) [^,]{4,70}), (.+?)\.?$"
)
_BACK = re.compile(r"(.{25,}?),? ((?:in|during|after|before|by|since|from|under|at|on) (?:the |a )?[\w’ -]{3,40})\.$")
_ASIDE = re.compile(r"\s*\([^()]*\)")
_RELATIVE = re.compile(
    r", (?:which|who|where|including|such as|as well as|known|called|especially|particularly)[^,.;]{5,90}(?=[,.;])"
)
_CLAUSES = re.compile(r"(?:; |, (?:and|but|while|whereas|so) )")
_COMMA = re.compile(r", ")
_OWNER = re.compile(r"\b([A-Z]\w+)'s ([a-z]+)\b")
_FILLER = re.compile(
    r"\b(?:also|however|then|thus|therefore|very|quite|subsequently|eventually|later|indeed),? ", re.IGNORECASE
)
_LEAST_WORDS = 6
_NAMED = re.compile(r"[A-Z][a-z]*\s+[A-Z]|[A-Z]{2}")
_LOWERED = frozenset(
    "The A An In On At By It They He She This These Those Some Many Most For From With After Before During When While"
    " As Although If There Its His Their Other Another One Two Several All Both Under Since".split()
)


def synonyms(text: str, material: Material) -> str:
    """Put other words of the same meaning in the place of up to three."""
    left = _MOST_SYNONYMS
    for pair in material.chance.sample(_SYNONYMS, len(_SYNONYMS)):
        words = pair.split("/")
        one, other = words if material.chance.random() < 0.5 else reversed(words)
        match = re.search(rf"\b{re.escape(one)}\b", text)
        if match:
            text = replace(text, match.span(), other)
            left -= 1
        if not left:
            break
    return text


def reordered(text: str, _: Material) -> str:
    """Move a circumstance from the beginning to the end, or from the end to the beginning."""
    front = _FRONT.match(text)
    if front:
        return f"{capitalized(front[2])} {front[1][0].lower()}{front[1][1:]}."
    back = _BACK.match(text)
    return f"{capitalized(back[2])}, {lowered(back[1])}." if back else text


def without_asides(text: str, material: Material) -> str:
    """Leave out what stands in parentheses, and a relative clause."""
    shorter = _ASIDE.sub("", text)
    match = _RELATIVE.search(shorter)
    if not match:
        return shorter
    rest = shorter[match.end() :]
    return shorter[: match.start()] + (rest[1:] if rest[0] == "," and material.chance.random() < 0.5 else rest)


def one_clause(text: str, material: Material) -> str:
    """Keep one of several main clauses."""
    parts = [part for part in _CLAUSES.split(text) if len(part.split()) >= _LEAST_WORDS]
    if len(parts) < 2:
        return text
    return capitalized(material.chance.choice(parts).strip().rstrip(".,;")) + "."


def without_tail(text: str, material: Material) -> str:
    """End at a comma."""
    commas = spans(_COMMA, text)
    if not commas:
        return text
    head = text[: material.chance.choice(commas)[0]]
    return f"{head}." if len(head.split()) > _LEAST_WORDS else text


def numbers_written_otherwise(text: str, material: Material) -> str:
    """Write numbers in words, without commas, and percent in words or as a sign."""
    text = _GROUPS.sub(lambda _: "" if material.chance.random() < 0.6 else ",", text)
    text = _SMALL.sub(lambda match: _COUNT[match.group()], text)
    return text.replace("%", " percent") if material.chance.random() < 0.5 else _PER_CENT.sub("%", text)


def genitive(text: str, _: Material) -> str:
    """Write `Bell's patent` as `the patent of Bell`."""
    return _OWNER.sub(lambda match: f"the {match[2]} of {match[1]}", text, count=1)


def without_fillers(text: str, _: Material) -> str:
    """Leave out words such as `also`."""
    return _FILLER.sub("", text)


_REWORDINGS: tuple[Rewording, ...] = (
    synonyms,
    reordered,
    without_asides,
    one_clause,
    without_tail,
    numbers_written_otherwise,
    genitive,
    without_fillers,
)
_TIMES = (0, 1, 1, 2, 2, 3)


def reworded(text: str, material: Material) -> str:
    """Return a statement after up to three rewordings."""
    for rewording in material.chance.sample(_REWORDINGS, material.chance.choice(_TIMES)):
        text = rewording(text, material)
    return capitalized(text.strip())


def joined(one: str, other: str, material: Material) -> str:
    """Return two statements as one sentence."""
    one = one.rstrip(".")
    forms = (
        f"{one}, and {lowered(other)}",
        f"While {lowered(one)}, {lowered(other)}",
        f"{one}; {lowered(other)}",
        f"{one}, whereas {lowered(other)}",
    )
    return material.chance.choice(forms)


def lowered(text: str) -> str:
    """Return a sentence as it goes on after a comma: a name keeps its capital."""
    if _NAMED.match(text) or not text or text.split(maxsplit=1)[0] not in _LOWERED:
        return text
    return text[0].lower() + text[1:]
