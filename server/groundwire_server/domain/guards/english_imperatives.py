"""English imperatives: words that commands begin with, and what tells them from nouns and names."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS: Final = _words(
    "abort accept acknowledge add adjust admit adopt advise allow alter analyse analyze append apply arrange"
    " ascertain ask assign assume attach attend authorise authorize avoid await become beg begin believe bind boil"
    " borrow bring browse calculate cancel carry cease choose chop clarify clone combine compare comply compose"
    " compute confirm connect consider consult contact continue create decide declare decline decrypt define deliver"
    " deny describe deselect destroy detach determine dial disable disclose disconnect discuss disregard dissolve"
    " distribute divulge donate edit eject eliminate enable encrypt enrol enroll ensure enter erase evaluate examine"
    " execute expand explain explore expose extract fasten fetch find flee follow forget gather generate get give go"
    " grab hang identify ignore imagine implement include inform insert inspect install instruct invite invoke"
    " isolate join keep leave let listen log logout maintain make measure memorise memorize mention merge modify"
    " multiply navigate notify obey obtain omit overwrite perform pick pour prepare prepend prevent proceed"
    " produce prohibit prove provide put receive recite recommend reconnect redirect reduce refer refrain refuse"
    " reinstall reject relax remain remember remind remove rename replace require rerun resign respond restore retain"
    " retrieve reveal scroll see select sell send serve solve specify submit subscribe subtract supply suppose take"
    " tell thank think tighten transmit try unblock uncheck undo uninstall unlock unmount unpack unplug unscrew"
    " unsubscribe untick unzip use validate verify wire yield"
)
"""English verbs in their base form that a sentence seldom begins with otherwise."""

_MOSTLY_VERBS: Final = _words(
    "address answer approach block book build buy bypass call charge check claim clean clear click close collect"
    " comment commit complete convert cook copy correct cut debug delete deploy display download drag draw drink"
    " drive drop dump eat email emit exit feed fill finish fix flip fold fork forward grant grind heat hide hit hold"
    " import jump kill launch link load lock look lower mail mark mix mount move name open order paste pause pay"
    " phone pin ping play point post practise press print publish pull purchase push quit raise read record register"
    " release reload render repeat reply report request reserve reset restart resume return reverse review ring rinse"
    " roll rotate route rub run sample save scan schedule seal search set shake share show shut sign skip slice sort"
    " speak spend split spray squeeze start stay stick stir stop store swap swipe switch talk tap teach telephone"
    " text throw tie toggle transfer translate turn twist type update upgrade upload view visit vote wait walk wash"
    " watch wear whisper wipe withdraw wrap write zip"
)
"""Those that are nouns at times."""

_NOUNS_AS_WELL: Final = _words(
    "access alert attempt back bake balance beat bend bid boot box branch brush buffer change code color colour come"
    " compile contract control counter cover cross default demand deposit design discard divide document drain dress"
    " drill effect end escape exercise export face file filter finance fire flag flash flush focus force format"
    " freeze fry fund group guard guess guide hack hand have head help hire hook host hunt increase index input issue"
    " judge know label land lay lead learn lend level lift light limit line list live loop mask match mind mine"
    " mirror monitor need note number object offer pack package page park part pass patch permit place plan plant"
    " plate plug practice prefer present price process program promise protect query question queue quote race range"
    " rate reach reason rebase rebuild recall recover repair rescue research resolve rest result risk round rule say"
    " scale score screen season seat secure seek separate shape shift ship shop shout smile sound speed spin spread"
    " stage stamp stand state steam step stock strain stretch strip study stuff support sweep tag target taste tear"
    " test time tip touch trace track trade train transform transport trash travel treat trust wake warn water weigh"
    " wish work worry zoom"
)
"""English verbs in their base form that begin a sentence as nouns as well."""

_FINITE: Final = _words(
    "am is are was were has have had does did do can could may might must shall should will would isn't aren't wasn't"
    " weren't hasn't haven't can't cannot couldn't won't wouldn't of"
)
"""Words behind which what stood before is no verb."""

_PAST: Final = _words(
    "began became came fell got grew led left lost made met paid ran rose said saw sent set sold spoke stood took"
    " told went won wrote begins ends starts means includes contains consists takes costs lasts begin end vary varies"
    " depends"
)
"""Finite forms that stand behind a noun that looks like a verb."""

OBJECTS: Final = _words("the your my our this these those them")
"""Words behind a verb, and not behind a noun."""

_OBJECTS_OR_ARTICLES: Final = OBJECTS | _words("a an it him her us me all any each every no some yourself its their")
"""Those, and others that stand behind a noun at times."""

_AT_ONCE: Final = _words("here now today")
"""Adverbs that stand behind a short order: "Click here"."""

_NOT_VERBS: Final = _words(
    "about above across after against all along alongside although amid amidst among amongst and another any anyone"
    " anything around as at away because before behind being below beneath beside besides between beyond both but by"
    " despite down during each either else enough even ever every everyone everything except far few following for"
    " from further given half he hence here how however i if in inside into is it its late later like likewise many"
    " maybe meanwhile more moreover most much near neither nevertheless no nobody none nor not nothing now of off"
    " often on once one only onto opposite or other others otherwise our out outside over past per perhaps plus quite"
    " rather regarding round same several she since so some somebody someone something sometimes soon still such ten"
    " than that the their then there these they this those though three through throughout thus till to today"
    " together tomorrow tonight too toward towards twice two under underneath unlike unless until up upon versus very"
    " via we what whatever when whenever where whereas wherever whether which whichever while who whoever whom whose"
    " why with within without worldwide yesterday yet you are was were am be been do does did has have had can could"
    " may might must shall should will would ought yes"
)
"""English words that begin a sentence before an article and are no verb."""

_SUBORDINATING_LATER: Final = _words(
    "that which who whose where if when while until unless because so and or before after"
)
"""Words behind which another clause begins."""

CLOSED: Final = (_NOT_VERBS | {"a", "an"}) - {"no", "do", "be"}
"""English words that no command begins with, in any language."""

_NEVER: Final = frozenset(("don't", "don’t", "never", "let's", "let’s"))
_NOT_ENGLISH: Final = _words(
    "de la le les des du der die das und est ist el los del en het van di il da dos e y et que i w na"
)


def is_english_imperative(word: str, following: str, *, first: bool, paused: bool, named: bool) -> bool:
    """Return whether an English clause that begins with a word commands, if `stands_as_verb` where it may be a noun.

    Args:
        word: in lower case.
        following: the next word, in lower case; empty for none.
        first: whether no clause stands before it.
        paused: whether a comma or a semicolon stands behind the word.
        named: whether the word after the next begins with a capital: William the Conqueror.
    """
    if word in VERBS:
        return following not in _FINITE
    if paused:
        return False
    if word in _MOSTLY_VERBS:
        return first or following in _OBJECTS_OR_ARTICLES or following in _AT_ONCE
    if word in _NOUNS_AS_WELL:
        return following in _OBJECTS_OR_ARTICLES
    if word == "do":
        return following == "not" or following in VERBS or following in _OBJECTS_OR_ARTICLES
    if word in _NEVER:
        return following not in _FINITE
    if word == "be":
        return first and following != "it"
    return following in OBJECTS and not named and _may_be_verb(word)


def may_be_noun(word: str, following: str) -> bool:
    """Return whether a verb that another word than an object follows may be a noun as well."""
    return word in _MOSTLY_VERBS and following not in _OBJECTS_OR_ARTICLES


def stands_as_verb(behind: Sequence[str]) -> bool:
    """Return whether what may be a noun is a verb: no other verb follows it soon, and no other language is spoken."""
    if behind and behind[0] in ("and", "or", "&"):
        # "Drain and rinse", and not "Cook and Levin".
        return len(behind) > 1 and is_base_form(behind[1])
    near = list(takewhile(lambda each: each not in _SUBORDINATING_LATER, behind))
    if near and near[0].endswith("s") and any(is_base_form(each) or each in _NOUNS_AS_WELL for each in near[1:]):
        # "Check digits protect".
        return False
    return (
        bool(behind)
        and not any(each in _FINITE or each in _PAST or each.endswith("ed") for each in near)
        and _NOT_ENGLISH.isdisjoint(near)
    )


def is_base_form(word: str) -> bool:
    """Return whether a word is the base form of a verb, and seldom anything else."""
    return word in VERBS or word in _MOSTLY_VERBS


def _may_be_verb(word: str) -> bool:
    """Return whether an unknown word before an article looks like an English verb in its base form."""
    return (
        word.isascii()
        and word.isalpha()
        and word not in _NOT_VERBS
        and not word.endswith(("ing", "ed", "ly"))
        and (not word.endswith("s") or word.endswith("ss"))
    )
