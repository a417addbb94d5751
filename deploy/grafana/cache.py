"""Earlier answers: how often one is found, why one that is found does not hold, and how full the cache is."""

from typing import Final

from deploy.grafana.parts import ROUTE, Query, board, lines, number, rate, share

_LOOKUPS: Final = "groundwire_cache_lookups_total"
_EVICTED: Final = "groundwire_cache_evicted_total"
_FAILURES: Final = "groundwire_cache_failures_total"

BOARD: Final = board(
    "groundwire-cache",
    "groundwire: earlier answers",
    "Do earlier answers stand in, or save the search and the model? What is kept is of all routes.",
    number("Looked for", "Earlier answers that were looked for, per second.", "reqps", rate(_LOOKUPS, where=ROUTE)),
    number(
        "Found",
        "Share of those looked for that were returned: kept before (HIT), or written by a call that asked the same "
        "at that moment (JOINED).",
        "percentunit",
        share(_LOOKUPS, 'groundwire_cache=~"HIT|JOINED"', where=ROUTE),
    ),
    number(
        "Stale",
        "Share of those looked for that were found and did not hold any more.",
        "percentunit",
        share(_LOOKUPS, 'groundwire_cache="STALE"', where=ROUTE),
    ),
    number(
        "Kept",
        "Answers of the process that has most; with `answer_cache.kind: redis`, of all together.",
        "none",
        "max(groundwire_cache_answers)",
    ),
    number("Evicted", "Answers that made room for others, per second.", "reqps", rate(_EVICTED)),
    number(
        "Failures",
        "Calls of the cache that failed, per second: nothing was found and nothing was kept, and answers were written "
        "anew.",
        "reqps",
        rate(_FAILURES),
        warn=0.1,
        bad=1,
    ),
    lines(
        "What a look-up came to",
        "Look-ups per second. MISS is a question that nobody has asked with the same rights, or whose answer was "
        "evicted.",
        "reqps",
        Query(rate(_LOOKUPS, "groundwire_cache", ROUTE), "{{groundwire_cache}}"),
        stacked=True,
    ),
    lines(
        "Why answers were stale",
        "Answers per second that were found and did not hold, by what had changed. Where it is CORPUS_VERSION, a "
        "corpus that is fed all day wants `routes.*.cache.valid_while: CITED_UNCHANGED`.",
        "reqps",
        Query(
            rate(_LOOKUPS, "groundwire_cache_staleness", f'{ROUTE}, groundwire_cache="STALE"'),
            "{{groundwire_cache_staleness}}",
        ),
        stacked=True,
    ),
    lines(
        "Answers kept",
        "Of the process that has most; of a cache in Redis, as that process saw it last.",
        "none",
        Query("max(groundwire_cache_answers)", "answers"),
    ),
    lines(
        "Their size",
        "With the passages that they are from; `answer_cache.megabytes` bounds it.",
        "bytes",
        Query("max(groundwire_cache_size_bytes)", "size"),
    ),
    lines(
        "Evicted, by what was full",
        "Answers per second that made room for others: `tenant` is the share of one tenant, `cache` is the whole.",
        "reqps",
        Query(rate(_EVICTED, "groundwire_cache_full"), "{{groundwire_cache_full}}"),
        stacked=True,
    ),
    lines(
        "Failures, by what failed",
        "Calls of the cache per second. `away` and `slow` are Redis; `unreadable` is an answer of another version.",
        "reqps",
        Query(rate(_FAILURES, "error_type"), "{{error_type}}"),
        stacked=True,
    ),
    route=True,
)
