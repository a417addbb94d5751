"""English words that say the opposite of each other."""

from groundwire_server.domain.text.stems import stem

_LONGEST_COMPARED = 7

_PAIRS = """
former / latter
previous / next
past / future
leading / trailing
southwest southwestern / northeast northeastern
southeast southeastern / northwest northwestern
widely broadly / narrowly
strongly heavily / weakly lightly
more greater / less fewer lesser
most / least fewest
larger large bigger big / smaller small
high higher highest / low lower lowest
long longer longest / short shorter shortest brief
first / last final
before prior preceding precede / after following subsequent follow
early earlier earliest / late later latest
increase increasing increased / decrease reduce reduction decline diminish drop lower
rise grow growth climb soar / fall decline shrink drop sink plunge
above over exceed exceeding / below under beneath
up upward upwards / down downward downwards
upper / lower
north northern northward / south southern southward
east eastern eastward / west western westward
left / right
inside internal inner within / outside external outer
open / close closed shut
begin start commence launch / end stop finish cease conclude
win victory / lose defeat
gain / lose loss
success succeed successful / failure fail unsuccessful
accept / reject refuse decline
allow permit enable / forbid prohibit ban prevent disallow block
support favor / oppose
old older oldest ancient / new newer newest young younger modern recent
fast faster fastest quick quickly rapid rapidly / slow slower slowest slowly
strong stronger strongest / weak weaker weakest
rich wealthy / poor
good better best / bad worse worst
positive / negative
major / minor
maximum max / minimum min
maximize / minimize
import / export
buy purchase buyer / sell seller sale
arrive arrival enter entry / leave depart departure exit
enable / disable
include / exclude
create build / destroy demolish
male man men / female woman women
wide wider / narrow narrower
hot hotter warm warmer / cold colder cool cooler
wet / dry
full / empty
public / private
majority / minority
same identical similar equal / different dissimilar unequal distinct
possible / impossible
always / never
present / absent
common frequent frequently often / rare rarely seldom infrequent
easy easier simple simpler / difficult hard harder complex
cheap cheaper cheapest inexpensive / expensive costly dear
safe / dangerous unsafe
temporary / permanent
connect / disconnect
push / pull
add addition / remove removal
encrypt / decrypt
lock / unlock
mandatory required compulsory obligatory / optional voluntary
lend / borrow
teach / learn
input / output
day daytime / night nighttime
morning / evening afternoon
war / peace
attack / defend
expand widen / contract shrink narrow
accelerate / decelerate slow
strengthen / weaken
improve improvement better / worsen deteriorate
raise / lower cut
ascend ascending / descend descending
approve / reject deny
confirm / deny
join / leave
hire / fire dismiss
advantage / disadvantage
agree / disagree
appear / disappear
continue / discontinue stop
true / false
front / back rear
top / bottom
heavy heavier / light lighter
deep deeper / shallow
thick thicker / thin thinner
near nearer close closer / far farther
forward / backward
horizontal / vertical
upstream / downstream
inbound incoming ingress / outbound outgoing egress
senior / junior
superior / inferior
plus / minus
credit / debit
profit / loss
surplus / deficit
ancestor / descendant
parent / child
on / off
with / without
legal / illegal
known / unknown
visible / invisible
dependent / independent
complete / incomplete
even / odd
single / multiple
primary / secondary
domestic / foreign
local / remote
rural / urban
manual / automatic
synchronous / asynchronous
finite / infinite
linear / nonlinear
attract / repel
absorb / emit
heat / cool
ally / enemy
guilty / innocent
alive living / dead
odd / even
clockwise / counterclockwise anticlockwise
older / younger
more / less
hundreds / thousands
until / since
majority most / minority few
daily / weekly / monthly / yearly annual annually
hourly / daily
gross / net
fixed / variable
analog / digital
static / dynamic
lucrative profitable / unprofitable
broad / narrow
thousands / millions
many / few
much / little
everyone everybody / nobody
everything / nothing
"""


def _opposites() -> dict[str, frozenset[tuple[int, int]]]:
    found: dict[str, set[tuple[int, int]]] = {}
    for pair, group in enumerate(_PAIRS.strip().splitlines()):
        for side, words in enumerate(group.split("/")):
            for word in words.split():
                for form in (word, *_degrees(word)):
                    found.setdefault(stem(form), set()).add((pair, side))
    return {word: frozenset(sides) for word, sides in found.items()}


def _degrees(word: str) -> tuple[str, ...]:
    """Return what a comparative and a superlative would be, where the word is an adjective that has them."""
    if len(word) > _LONGEST_COMPARED or word.endswith(("er", "est", "ed", "ing")):
        return ()
    base = word[:-1] if word.endswith("e") else f"{word[:-1]}i" if word.endswith("y") else word
    return f"{base}er", f"{base}est", f"{base}{base[-1]}er", f"{base}{base[-1]}est"


OPPOSITES = _opposites()
"""For the stem of a word with an opposite: each pair it is in, and on which side."""


def opposed(one: str, other: str) -> bool:
    """Return whether two stems are opposites."""
    first, second = OPPOSITES.get(one), OPPOSITES.get(other)
    if first is None or second is None:
        return False
    sides = dict(first)
    return any(pair in sides and sides[pair] != side for pair, side in second)
