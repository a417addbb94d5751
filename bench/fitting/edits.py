"""Edits: changes of one thing in a true statement that make a false one."""

import re
from collections.abc import Callable, Mapping, Sequence

from bench.fitting.material import AUXILIARY, NUMBER, Material, Span, capitalized, names, replace, spans

Edit = Callable[[str, str, Material], str | None]
"""Takes a statement, the text of its passages and material; gives the changed statement, or nothing where it cannot."""

_COUNT = "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty".split()
_COUNTED = re.compile(rf"\b(?:{'|'.join(_COUNT)})\b")
_PAST = re.compile(r"\b[a-z]{3,}ed\b")
_NEGATOR = re.compile(r" (?:not|never|no longer)\b|n't\b|\bwithout\b|\bcannot\b")
_AFFIRMED = {"without": "with", "cannot": "can"}
_CONTRACTED = frozenset("is are was were has have had could would should does do did".split())

_QUANTIFIERS = (
    ("all", "every", "each", "always"),
    ("most", "usually", "almost all", "nearly every"),
    ("many", "several", "often"),
    ("some", "sometimes"),
    ("few", "rarely"),
    ("no", "never"),
    ("only",),
    ("both",),
    ("any",),
)
_QUANTIFIED = re.compile(rf"\b(?:{'|'.join(word for group in _QUANTIFIERS for word in group)})\b", re.IGNORECASE)
_PLURAL = re.compile(r"\b[A-Z]?[a-z]+s (?:are|were|have|can|may|use|had)\b")

_OPPOSITES = (
    "more/less more/fewer most/least larger/smaller large/small bigger/smaller higher/lower high/low highest/lowest"
    " longer/shorter long/short longest/shortest first/last before/after earlier/later early/late increase/decrease"
    " increased/decreased increasing/decreasing rise/fall rose/fell above/below over/under up/down upper/lower"
    " north/south northern/southern east/west eastern/western left/right inside/outside internal/external open/closed"
    " began/ended begin/end won/lost win/lose success/failure accepted/rejected allowed/forbidden support/oppose"
    " supported/opposed old/new older/newer oldest/youngest fast/slow faster/slower strong/weak stronger/weaker"
    " rich/poor good/bad better/worse best/worst positive/negative major/minor maximum/minimum import/export buy/sell"
    " enabled/disabled include/exclude created/destroyed wide/narrow hot/cold public/private same/different"
    " possible/impossible common/rare easy/difficult simple/complex cheap/expensive temporary/permanent"
    " majority/minority input/output former/latter previous/next leading/trailing widely/narrowly"
).split()
_OPPOSITE = {
    word: other
    for pair in reversed(_OPPOSITES)
    for one, _, two in (pair.partition("/"),)
    for word, other in ((one, two), (two, one))
}
_OPPOSED = re.compile(rf"\b(?:{'|'.join(_OPPOSITE)})\b", re.IGNORECASE)

_UNITS = (
    "percent/per mille, %/‰, million/billion, billion/million, thousand/million, hundred/thousand, km/miles,"
    " miles/kilometres, kilometres/metres, meters/kilometers, kg/g, mg/g, years/months, days/weeks, hours/minutes,"
    " minutes/seconds, months/weeks, weeks/days, seconds/minutes, dollars/euros, $/£, €/$, £/€, GB/MB, MB/KB, ms/s,"
    " acres/hectares, centuries/decades, century/decade, °C/°F, feet/meters, psi/bar, tons/pounds"
).split(", ")
_MODALS = "may/must must/may should/must can/must might/will could/did must/should shall/may".split()

_DETAILS = (
    "as {name} confirmed; according to {name}; funded by {name}; after a request from {name}; as {name} later admitted;"
    " on the orders of {name}; with the help of {name}; despite objections from {name}; for religious reasons;"
    " at the age of {number}; free of charge; in secret; for the first time in history; under pressure from {name};"
    " as required by law; on weekends; without any charge; in cooperation with {name}; twice a week;"
    " after long negotiations; because of rising costs; as a leaked report shows; using solar panels; by telephone"
).split("; ")
_ARTICLE = re.compile(r"\b(?:the|a|an|its|their) (?=[a-z]{4,})")
_NOUN = re.compile(r"\b(?:the|a|an|its|their) [a-z]{4,}\b")
_CLAUSE = re.compile(r", | (?=and |but |which |that |while )")
_JOINING = re.compile(r"\s*(?:,|and|or|, and|,? as well as)\s*")
_WORD = re.compile(r"[a-z]{3,}")

_LEADING_CONDITION = re.compile(r"(?:If|Unless|When|Until) [^,]{8,80}, (.+)$")
_CONDITION = re.compile(r",? (?:if|unless|except|only if|provided that|until) [^,.]{5,90}([,.])")
_MAIN_CLAUSE = 20


def another_number(text: str, passages: str, material: Material) -> str | None:
    """Put another number of the passages in the place of one."""
    found = [number for number in NUMBER.findall(passages) if number not in text]
    return _replace_one(text, spans(NUMBER, text), found, material)


def foreign_number(text: str, passages: str, material: Material) -> str | None:
    """Put a number in the place of one that the passages lack."""
    number = material.chance.choice(material.numbers)
    return None if number in passages else _replace_one(text, spans(NUMBER, text), [number], material)


def near_number(text: str, passages: str, material: Material) -> str | None:
    """Change one digit."""
    own = spans(NUMBER, text)
    if not own:
        return None
    start, end = material.chance.choice(own)
    at = material.chance.choice([index for index in range(start, end) if text[index].isdigit()])
    digit = material.chance.choice([digit for digit in "123456789" if digit != text[at]])
    changed = replace(text, (at, at + 1), digit)
    return None if changed[start:end] in passages else changed


def another_count(text: str, _: str, material: Material) -> str | None:
    """Put another number in words in the place of one."""
    own = spans(_COUNTED, text)
    return _replace_one(text, own, [word for word in _COUNT if word not in text], material)


def another_name(text: str, passages: str, material: Material) -> str | None:
    """Put another name of the passages in the place of one."""
    found = [passages[start:end] for start, end in names(passages) if passages[start:end] not in text]
    return _replace_one(text, names(text), found, material)


def foreign_name(text: str, passages: str, material: Material) -> str | None:
    """Put a name in the place of one that the passages lack."""
    name = material.chance.choice(material.names)
    return None if name in passages else _replace_one(text, names(text), [name], material)


def added_negation(text: str, _: str, material: Material) -> str | None:
    """Deny an auxiliary, or a verb in the past."""
    chance = material.chance
    auxiliaries, verbs = spans(AUXILIARY, text), spans(_PAST, text)
    if auxiliaries and (not verbs or chance.random() < 0.75):
        span = chance.choice(auxiliaries)
        word = text[slice(*span)]
        forms = [f"{word} not"] * 4 + [f"{word} never", f"{word}n't" if word in _CONTRACTED else f"{word} no longer"]
        return replace(text, span, chance.choice(forms))
    if not verbs:
        return None
    span = chance.choice(verbs)
    verb = text[slice(*span)]
    base = verb[:-1] if verb.endswith("ated") else verb[:-2]
    forms = [f"did not {base}", f"never {verb}", f"failed to {base}", f"refused to {base}"]
    return replace(text, span, chance.choice(forms))


def lost_negation(text: str, _: str, material: Material) -> str | None:
    """Leave a negator out."""
    own = spans(_NEGATOR, text)
    if not own:
        return None
    span = material.chance.choice(own)
    return replace(text, span, _AFFIRMED.get(text[slice(*span)], ""))


def another_quantifier(text: str, _: str, material: Material) -> str | None:
    """Put a quantifier of another class in the place of one."""
    own = spans(_QUANTIFIED, text)
    if not own:
        return None
    start, end = material.chance.choice(own)
    word = text[start:end]
    others = [other for group in _QUANTIFIERS if word.casefold() not in group for other in group]
    other = material.chance.choice(others)
    return replace(text, (start, end), capitalized(other) if word[0].isupper() else other)


def added_quantifier(text: str, _: str, material: Material) -> str | None:
    """Restrict a plural or an auxiliary."""
    plurals, auxiliaries = spans(_PLURAL, text), spans(AUXILIARY, text)
    if plurals:
        start, _end = material.chance.choice(plurals)
        return replace(text, (start, start), material.chance.choice(("only ", "all ", "no ", "few ", "most ")))
    if not auxiliaries:
        return None
    _start, end = material.chance.choice(auxiliaries)
    return replace(text, (end, end), material.chance.choice((" always", " only", " rarely", " usually")))


def opposite(text: str, _: str, material: Material) -> str | None:
    """Put its opposite in the place of a word."""
    own = spans(_OPPOSED, text)
    if not own:
        return None
    start, end = material.chance.choice(own)
    other = _OPPOSITE[text[start:end].casefold()]
    return replace(text, (start, end), capitalized(other) if text[start].isupper() else other)


def swap(text: str, _: str, material: Material) -> str | None:
    """Exchange two names, or two nouns with their articles, that a verb stands between."""
    own = names(text)
    if len(own) < 2:
        own = spans(_NOUN, text)
    if len(own) < 2:
        return None
    one, other = sorted(material.chance.sample(own, 2))
    between = text[one[1] : other[0]]
    alike = text[slice(*one)] == text[slice(*other)]
    if one[1] > other[0] or alike or _JOINING.fullmatch(between) or not _WORD.search(between):
        return None
    return text[: one[0]] + text[slice(*other)] + between + text[slice(*one)] + text[other[1] :]


def added_detail(text: str, passages: str, material: Material) -> str | None:
    """Add a circumstance or an adjective that the passages lack."""
    chance = material.chance
    form = chance.random()
    if form > 0.8:
        word, articles = chance.choice(material.adjectives), spans(_ARTICLE, text)
        if word in passages or not articles:
            return None
        end = chance.choice(articles)[1]
        return replace(text, (end, end), f"{word} ")
    if form < 0.45:
        detail = chance.choice(material.phrases)
    else:
        filled = {"name": chance.choice(material.names), "number": chance.choice(material.numbers)}
        detail = chance.choice(_DETAILS).format(**filled)
    if detail in passages:
        return None
    body = text.rstrip().rstrip(".")
    clauses = spans(_CLAUSE, body)
    if clauses and chance.random() < 0.4:
        at = chance.choice(clauses)[0]
        return f"{body[:at]}, {detail},{body[at:].lstrip(',')}."
    return f"{body}{chance.choice((', ', ' '))}{detail}."


def another_unit(text: str, _: str, material: Material) -> str | None:
    """Put another unit or scale in the place of one."""
    return _replace_pair(text, _UNITS, material)


def another_modal(text: str, _: str, material: Material) -> str | None:
    """Put another modal in the place of one."""
    return _replace_pair(text, _MODALS, material)


def lost_condition(text: str, _: str, __: Material) -> str | None:
    """Leave a condition or an exception out."""
    leading = _LEADING_CONDITION.match(text)
    if leading:
        return capitalized(leading[1])
    match = _CONDITION.search(text)
    return replace(text, match.span(), match[1]) if match and match.start() > _MAIN_CLAUSE else None


EDITS: Mapping[str, Edit] = {
    edit.__name__: edit
    for edit in (
        another_number,
        foreign_number,
        near_number,
        another_count,
        another_name,
        foreign_name,
        added_negation,
        lost_negation,
        another_quantifier,
        added_quantifier,
        opposite,
        swap,
        added_detail,
        another_unit,
        another_modal,
        lost_condition,
    )
}
"""All edits by their names."""


def _replace_one(text: str, own: Sequence[Span], others: Sequence[str], material: Material) -> str | None:
    if not own or not others:
        return None
    return replace(text, material.chance.choice(own), material.chance.choice(others))


def _replace_pair(text: str, pairs: Sequence[str], material: Material) -> str | None:
    found = [
        (match.span(), other)
        for one, _, other in (pair.partition("/") for pair in pairs)
        for match in re.finditer(rf"(?<!\w){re.escape(one)}(?!\w)" if one[0].isalpha() else re.escape(one), text)
    ]
    if not found:
        return None
    span, other = material.chance.choice(found)
    return replace(text, span, other)
