"""Follow-ups in languages other than English, as far as their structure tells.

A part of a question takes the place of what stood behind the same word: "und nach Norwegen?" of "nach Österreich".
A pronoun is explained at the end of its question: "Was kostet er, der Rasenmäher?". What else refers back is not
resolved.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.conversation.lexicon import (
    ACCOUNTS,
    ADJECTIVES,
    ATTRIBUTES,
    QUESTION_WORDS,
    SMALL_TALK,
    TIMES,
    VERBS,
)


@dataclass(frozen=True, slots=True)
class FollowUpLanguage:
    """What the rules know of a language.

    Attributes:
        common: words by which it is recognized.
        leading: what a follow-up begins with.
        pronouns: that refer to a thing and are nothing else, in lower case.
        nothing: what stands beside a pronoun that refers to nothing.
        articles: that begin a noun phrase.
        ends: that end one, beside marks and articles.
        capital_nouns: whether a noun is told by its capital.
        marks: that other languages do not have.
        last: words that refer to something at the end of a question, and may be articles elsewhere.
        owning: by which a noun phrase goes on: "la hauteur de la clôture".
        rivals: between two noun phrases of which a pronoun could mean either.
        drops_subjects: whether a verb alone may refer to a thing.
    """

    common: frozenset[str]
    leading: frozenset[str]
    pronouns: frozenset[str]
    nothing: frozenset[str]
    articles: frozenset[str]
    ends: frozenset[str]
    capital_nouns: bool = False
    marks: str = ""
    last: frozenset[str] = frozenset()
    owning: frozenset[str] = frozenset()
    rivals: frozenset[str] = frozenset()
    drops_subjects: bool = False


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LANGUAGES: Final = (
    FollowUpLanguage(
        common=_set(
            "der die das und ist sind wird mit von den dem ein eine einen nicht auf für im zu des oder bei nach was "
            "wie wo wann warum wer welche welcher welches kann ich wir kostet viel gibt es er sie hat haben am"
        ),
        leading=_set("und aber oder auch"),
        pronouns=_set("er sie es ihn ihm ihnen dies dieses diese davon dafür damit darauf dazu dort"),
        nothing=_set("gibt geht möglich"),
        articles=_set("der die das den dem des ein eine einen einem einer mein meine meinen unser unsere"),
        ends=_set(
            "nach in im am an auf aus bei mit von vom zu zum zur für ohne um durch und oder ist sind hat haben wird "
            "werden nicht pro seit bis"
        ),
        capital_nouns=True,
        last=_set("das dies"),
        owning=_set("des der"),
        rivals=_set("als oder und"),
    ),
    FollowUpLanguage(
        common=_set(
            "le la les des et est sont dans pour une un du que qui sur avec par au aux ne pas en où quand comment "
            "pourquoi combien quel quelle quels quelles coûte peut je il elle à y"
        ),
        leading=_set("et mais ou aussi"),
        pronouns=_set("il elle ils elles ça cela celui-ci celle-ci"),
        nothing=_set("y faut possible pleut"),
        articles=_set("le la les l un une des mon ma mes notre nos ce cette"),
        ends=_set(
            "en dans à au aux pour par sur sous avec sans chez et ou est sont a ont coûte peut que qui ne pas depuis"
        ),
        owning=_set("de du des d"),
        rivals=_set("ou et que"),
    ),
    FollowUpLanguage(
        common=_set(
            "el la los las y es son en para una un del que con por se no al como más o cuánto cuánta dónde cuándo "
            "cómo qué cuál quién cuesta puede hay a y"
        ),
        leading=_set("y pero o también"),
        pronouns=_set("él ella ellos ellas eso esto"),
        nothing=frozenset(),
        articles=_set("el la los las un una mi mis nuestro nuestra"),
        ends=_set("en a al para por con sin desde hasta y o es son está cuesta puede que"),
        owning=_set("de del"),
        rivals=_set("o y que"),
        marks="¿¡",
        drops_subjects=True,
    ),
    FollowUpLanguage(
        common=_set(
            "il lo la gli le e è sono per una un del della che con di si non al come più quanto quanta dove quando chi "
            "perché quale costa può in"
        ),
        leading=_set("e ma o anche"),
        pronouns=_set("esso essa essi esse ciò"),
        nothing=frozenset(),
        articles=_set("il lo la i gli le un uno una l"),
        ends=_set("in a al per da con su senza e o è sono ha costa può che"),
        owning=_set("di del della dei delle"),
        rivals=_set("o e di"),
        drops_subjects=True,
    ),
    FollowUpLanguage(
        common=_set(
            "de het een en is zijn van voor met niet op aan door bij naar wordt dat ook te hoeveel waar wanneer hoe "
            "wie welke waarom kost kan ik"
        ),
        leading=_set("en maar of ook"),
        pronouns=_set("hij ze hem deze dit ervan daarvan"),
        nothing=_set("laat mogelijk regent"),
        articles=_set("de het een mijn onze ons"),
        ends=_set("naar in op aan voor met zonder bij en of is zijn heeft kost kan"),
        last=_set("het dat"),
        owning=_set("van"),
        rivals=_set("of en dan"),
    ),
    FollowUpLanguage(
        common=_set(
            "o os as e é são para uma um do da que com por se não ao como mais ou em no na quanto onde quando quem "
            "qual custa pode"
        ),
        leading=_set("e mas ou também"),
        pronouns=_set("ele ela eles elas isso isto"),
        nothing=frozenset(),
        articles=_set("o a os as um uma meu minha"),
        ends=_set("em no na para por com sem e ou é são custa pode que"),
        owning=_set("de do da dos das"),
        rivals=_set("ou e que"),
        drops_subjects=True,
    ),
)

_ENGLISH: Final = _set(
    """
    the of and to is was are were for with this that these those from by be not which has have it as at an or can may
    must how what when where who why do does did in on a i you we they he she his her its their my your there about one
    but so per if will would much many long
    """
)
_TELLING: Final = _ENGLISH | SMALL_TALK | VERBS | ATTRIBUTES | ADJECTIVES | QUESTION_WORDS | TIMES | ACCOUNTS
"""Words by which a text may be English, though others may have some of them."""

_KNOWN: Final = _ENGLISH.union(*(language.common for language in _LANGUAGES))
_WORD: Final = re.compile(r"[^\W\d_]+")
_TOKEN: Final = re.compile(
    r"[^\W_]+(?:-(?!(?:t-)?(?:ils?|elles?|on|je|tu|nous|vous|ce|la|les?)\b)[^\W_]+)*|[^\w\s]", re.IGNORECASE
)
"""A word or a mark; French puts the pronoun behind the verb: "est-elle"."""
_LONGEST_PART: Final = 5
_BARE: Final = 2
_LONGEST_PHRASE: Final = 4
_LONGEST_NAME: Final = 3
"""Words of a text that may be a name, whatever its language."""


def other_language(text: str, earlier: FollowUpLanguage | None = None) -> FollowUpLanguage | None:
    """Return the language of a question that is not in English, as far as it is one of those that are known.

    Args:
        text: the question.
        earlier: the language of the question before it, which decides where several fit.
    """
    found = [word.lower() for word in _WORD.findall(text)]
    counts = [
        sum(word in language.common for word in found) + sum(mark in text for mark in language.marks)
        for language in _LANGUAGES
    ]
    most, english = max(counts), sum(word in _ENGLISH for word in found)
    likely = [language for language, count in zip(_LANGUAGES, counts, strict=True) if count == most]
    if most and most >= english and earlier in likely:
        return earlier
    return likely[0] if most > english else None


def knows_language(text: str) -> bool:
    """Return whether a question has words of English, or of another language that the rules know."""
    return any(word.lower() in _KNOWN for word in _WORD.findall(text))


def may_be_english(text: str) -> bool:
    """Return whether a text is in English, or so short that it may be a name: "Weaviate"."""
    found = [word.lower() for word in _WORD.findall(text)]
    return any(word in _TELLING for word in found) or (len(found) <= _LONGEST_NAME and text.isascii())


def standalone_in(language: FollowUpLanguage, question: str, earlier: Sequence[str]) -> str | None:
    """Return a question that needs no earlier ones; None where it does, and structure does not tell what for.

    Args:
        language: of the question.
        question: in one line.
        earlier: questions, the newest first, which stand alone themselves.
    """
    tokens = list(_TOKEN.finditer(question))
    words = [token.group().lower() for token in tokens]
    start = 1 if words and words[0] in {"¿", "¡"} else 0
    led = len(words) > start and words[start] in language.leading
    content = [word for word in words[start + led :] if word[0].isalnum()]
    if led and len(content) <= _LONGEST_PART and not set(content) & language.pronouns:
        part = question[tokens[start + led].start() :].rstrip("?!. ¿") if content else ""
        if not _is_whole(part, earlier):
            return _in_place(language, part, earlier)
    if content and len(content) <= _BARE and set(content) <= language.common:
        # A question word alone, as "warum?".
        part = " ".join(content)
        return f"{earlier[0].rstrip('?!. ')}, {part}?" if earlier else None
    dropped = language.drops_subjects and (len(content) == _BARE or (led and not set(content) & language.articles))
    ends = bool(content) and content[-1] in language.last and not set(content) & language.nothing
    if not dropped and not ends and not _has_pronoun(language, [token.group() for token in tokens]):
        return question
    phrase = next((found for each in earlier if (found := _noun_phrase(language, each))), None)
    if phrase is None or _has_rival(language, earlier[0], phrase):
        return None
    return f"{question.rstrip('?!. ')}, {phrase}?"


def _is_whole(part: str, earlier: Sequence[str]) -> bool:
    """Return whether a part begins as the last question does, and is a question itself: "e quanto è alto?"."""
    first = part.split(" ", 1)[0].lower()
    return bool(first and earlier) and _WORD.findall(earlier[0].lower())[:1] == [first]


def _has_rival(language: FollowUpLanguage, asked: str, phrase: str) -> bool:
    """Return whether a question compares what a phrase names with something else: "der Zaun höher als das Tor"."""
    behind = asked[asked.index(phrase) + len(phrase) :] if phrase in asked else ""
    after = [token.group().lower() for token in _TOKEN.finditer(behind)]
    joint = next((place for place, word in enumerate(after[:_LONGEST_PHRASE]) if word in language.rivals), None)
    return joint is not None and bool(set(after[joint + 1 : joint + 2]) & language.articles)


def _in_place(language: FollowUpLanguage, part: str, earlier: Sequence[str]) -> str | None:
    """Return the last question with a part in place of what stands behind the same first word, or behind it all."""
    words = part.split()
    if not words or not earlier:
        return None
    asked = earlier[0].rstrip("?!. ")
    if words[0].lower() in language.articles:
        phrase = _noun_phrase(language, asked)
        return f"{asked.replace(phrase, part, 1)}?" if phrase else None
    anchor = re.search(rf"(?<!\w){re.escape(words[0])}(?!\w)[^,;:]*$", asked, re.IGNORECASE)
    if anchor is None:
        return f"{asked} {part}?" if words[0].lower() in language.ends and len(words) > 1 else None
    if len(anchor.group().split()) > _LONGEST_PART:
        return None
    return f"{asked[: anchor.start()]}{part}?"


def _has_pronoun(language: FollowUpLanguage, tokens: Sequence[str]) -> bool:
    """Return whether there is a pronoun that nothing in its question explains."""
    seen = False
    for index, token in enumerate(tokens):
        word = token if language.capital_nouns and index else token.lower()
        seen = seen or token.lower() in language.articles
        near = {each.lower() for each in tokens[max(index - 1, 0) : index + 4]}
        explained = seen and any(each in {",", "."} or each.lower() in language.leading for each in tokens[:index])
        if word in language.pronouns and not near & language.nothing and not explained:
            follows = tokens[index + 1] if index + 1 < len(tokens) else ""
            # "dieses Gerät" names something; German commas also follow a pronoun that refers to what comes.
            if follows != "," and not (language.capital_nouns and follows[:1].isupper()):
                return True
    return False


def _noun_phrase(language: FollowUpLanguage, text: str) -> str:
    """Return the first noun phrase of a question that begins with an article; empty without one."""
    tokens = list(_TOKEN.finditer(text))
    for index, token in enumerate(tokens):
        if token.group().lower() not in language.articles:
            continue
        end = _phrase_end(language, tokens, index + 1)
        while end < len(tokens) and end > index + 1 and tokens[end].group().lower() in language.owning:
            start = end + 1 + (end + 1 < len(tokens) and tokens[end + 1].group().lower() in language.articles)
            longer = _phrase_end(language, tokens, start)
            if longer == start:
                break
            end = longer
        if end > index + 1:
            return text[token.start() : tokens[end - 1].end()]
    return ""


def _phrase_end(language: FollowUpLanguage, tokens: Sequence[re.Match[str]], start: int) -> int:
    """Return the number of the token after the words of a noun phrase that begin at one."""
    end = start
    while end < len(tokens) and end - start < _LONGEST_PHRASE:
        word = tokens[end].group()
        if not word[0].isalnum() or word.lower() in language.ends | language.articles | language.owning:
            break
        end += 1
        if language.capital_nouns and word[0].isupper():
            break
    return end
