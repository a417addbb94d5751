"""What an earlier answer is looked up by: everything that would have made another question of it."""

from dataclasses import fields
from hashlib import blake2b
from operator import attrgetter
from typing import Final

from groundwire_server.domain.cached_answer import AnswerKey
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.prompts.texts import NO_TEXTS, ContextTexts
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import CacheKey
from groundwire_server.pipeline.caching.canonical import DIGEST_BYTES, canonical

LEFT_OUT: Final = {
    "route": "stands in the key by itself",
    "request_id": "names the call",
    "allow_queue": "says when an answer may come",
    "mode": "says when text may leave",
    "priority": "says who waits for whom",
    "end_user_id": "is neither shown to a model nor compared with an access list; limits of an end user are policy",
}
"""The fields of a question that change no answer, each with why; the key has all others, whatever is added."""

_PARTS: Final = {
    "text": CacheKey.QUESTION,
    "turns": CacheKey.TURNS,
    "top_k": CacheKey.SEARCH,
    "alpha": CacheKey.SEARCH,
    "filter": CacheKey.SEARCH,
    "provided": CacheKey.PROVIDED,
}
"""What the fields are called that have a word of their own; the others are the context."""

_FIELDS: Final = tuple(each.name for each in fields(Question) if each.name not in LEFT_OUT)
_FORM: Final = canonical(_FIELDS)
_values: Final = attrgetter(*_FIELDS)

KEYED_ON: Final = tuple(
    dict.fromkeys(
        [
            CacheKey.ROUTE,
            CacheKey.PRINCIPALS,
            CacheKey.EXPERIMENT_ARM,
            *_PARTS.values(),
            *(_PARTS.get(name, CacheKey.CONTEXT) for name in _FIELDS),
        ]
    )
)
"""What agrees between two calls with one key."""


def answer_key(inquiry: Inquiry, texts: ContextTexts = NO_TEXTS) -> AnswerKey:
    """Return the key of a question that was normalized, before a stage has made anything else of it.

    The names of the fields are part of it, so that a key never outlives a change of what it is made of.

    Args:
        inquiry: with the dates of its prompt.
        texts: the operator's; where the prompt has context, those for the caller's tenant are part of the key.
    """
    caller = inquiry.caller
    shown = (inquiry.dates, texts.digest(caller.tenant)) if inquiry.policy.context else ()
    told_apart = canonical((caller.principals, inquiry.experiment_arm, _values(inquiry.question), shown))
    digest = blake2b(_FORM + told_apart, digest_size=DIGEST_BYTES).digest()
    return AnswerKey(caller.tenant, inquiry.policy.route, digest)
