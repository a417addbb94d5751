"""English words by what they do in a question: closed classes in full, open classes as far as questions need them."""

from typing import Final


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


ARTICLES: Final = _set("the a an")
DEMONSTRATIVES: Final = _set("this that these those")
DETERMINERS: Final = ARTICLES | _set("my your our any some no every each all both another")
QUESTION_WORDS: Final = _set("how what when where which who whom whose why")
BE: Final = _set("is are was were be been being am isn't aren't wasn't weren't")
AUXILIARIES: Final = BE | _set(
    """
    do does did has have had can could will would shall should may might must don't doesn't didn't hasn't haven't
    hadn't can't couldn't won't wouldn't shouldn't mustn't cannot having
    """
)
PREPOSITIONS: Final = _set(
    """
    of in on at to from for with without by about per into onto over under after before during until till since
    between within near through against like as than via beyond behind above below among around outside inside
    """
)
SUBORDINATORS: Final = _set("if because while that whether although unless since until though so then but and or once")
CLAUSES: Final = SUBORDINATORS | QUESTION_WORDS
"""Words at which another clause may begin."""

SUBJECTS: Final = _set("i you we he she it they who there anyone someone everyone somebody anybody everybody")
PRONOUNS: Final = SUBJECTS | _set(
    """
    me him her us them mine yours ours hers theirs its his their myself yourself itself themselves nothing something
    anything everything none else one ones
    """
)
ADVERBS: Final = _set(
    """
    also still already ever usually normally often please again too only just now today tomorrow exactly really even
    not never always very more most less least enough much many well as quite rather yet sometimes instead
    currently actually maybe perhaps otherwise anyway together away back off out up down here
    """
)
SMALL_TALK: Final = _set(
    """
    thanks thank hello hi hey ok okay yes no please great good bye goodbye cool perfect sure welcome morning evening
    afternoon fine nice sorry
    """
)
LEADING: Final = _set("and but so then ok okay also or plus well thanks")
"""Words that a follow-up begins with and does not need."""

VERBS: Final = _set(
    """
    accept add allow answer apply arrive ask assemble attach begin belong boil book break bring build buy call cancel
    carry change charge choose clean close come compare connect contain cost cover deliver describe differ do download
    drive eat empty end enter exist expire explain export extend fail find finish fit fix follow get give go grow handle
    happen have help hold import include install keep know last lead leave lend let like list live look lose make
    manage mean measure meet mount move need offer open operate order own park pay perform place play process produce
    protect provide pull put reach read receive recommend recycle register remove renew rent repair replace require
    reset restart return run rust save say search see seem sell send serve set share ship show sign speak stand start
    stay stop store suit supply support take teach tell test think track train travel turn upload use visit wait walk
    want wash watch wear weigh work write
    """
)
"""Base forms. A verb that is missing is found by its place, where its place tells."""

PAST_FORMS: Final = _set(
    """
    began bought brought built came chose drew found gave got held kept knew led left lost made met ran read said sang
    saw sent shot sold spent stood taught told took understood went won wore wrote
    """
)
"""Verbs in a past form that does not end in -ed."""

PREDICATES: Final = _set(
    """
    open closed free available included allowed possible necessary valid made kept sold held built paid sent located
    required refundable safe waterproof heavy cheap expensive full ready broken lost good new old
    """
)
"""Words that say something of a subject after `is`, beside those that their endings give away."""

PREDICATE_ENDINGS: Final = ("ed", "able", "ible", "proof", "ful", "est")

ADJECTIVES: Final = _set(
    """
    small large big little tiny huge short long tall high low wide narrow thick thin light heavy cheap expensive new old
    used lost broken damaged red blue green black white grey gray yellow brown dark bright round square flat soft hard
    warm cold hot dry wet fast slow simple double single electric manual wooden metal plastic automatic full empty
    """
)
COMPARED: Final = _set("better best worse worst more less most least")

ORDINALS: Final = {
    word: place
    for place, text in enumerate(
        (
            "first 1st",
            "second 2nd",
            "third 3rd",
            "fourth 4th",
            "fifth 5th",
            "sixth 6th",
            "seventh 7th",
            "eighth 8th",
            "ninth 9th",
            "tenth 10th",
        )
    )
    for word in text.split()
} | {"last": -1, "latter": -1, "former": 0}
"""Places in a list, from 0; -1 is the last."""

CHOICES: Final = _set("one ones option choice item")
"""What an ordinal counts when it counts what was listed."""

ATTRIBUTES: Final = _set(
    """
    price prices cost costs height length width size weight colour color name address fee hours number guarantee
    warranty default defaults value deadline duration capacity maximum minimum amount rate purpose meaning definition
    date age limit
    """
)
"""What a thing has: "the price of the fence" is about the fence."""

ACCOUNTS: Final = _set("overview summary list example description explanation information details idea history")
"""What is said of a thing: "an overview of the project" is about the project."""

TIMES: Final = _set(
    """
    year years month months week weeks day days hour hours minute minutes morning afternoon evening night time times
    monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays
    sundays weekend weekends spring summer autumn fall winter january february march april may june july august
    september october november december christmas easter
    """
)
MEASURES: Final = _set(
    """
    one two three four five six seven eight nine ten twelve fifteen twenty thirty hundred thousand euro euros dollar
    dollars pound pounds percent litre litres metre metres kilogram kilograms
    """
)
PERSONS: Final = _set("person people director manager owner teacher doctor author founder president chair head")
PERSON_PRONOUNS: Final = _set("he she him her his hers")
PLURAL_PRONOUNS: Final = _set("they them their theirs these those")
POSSESSIVES: Final = _set("its their his her whose")
REFERRING: Final = PERSON_PRONOUNS | _set("it they them its their theirs")
GENERIC: Final = _set("product thing item article device model service option topic one")
"""What any thing may be called: "this product" is what was spoken of."""

IDIOMS: Final = _set("sense case way regard respect reason manner context point end")
"""What "in this sense" and its like refer to is no thing."""

WEATHER: Final = _set("rain rains raining snow snows snowing freezes freezing")
