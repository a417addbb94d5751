"""What became of questions, why, and where the time went."""

from typing import Final

from deploy.grafana.parts import ROUTE, WINDOW, Query, board, lines, percentile, ranking, rate, share

_ANSWERS: Final = "groundwire_answers_total"
_SECONDS: Final = "groundwire_answer_duration_seconds"

BOARD: Final = board(
    "groundwire-answers",
    "groundwire: answers",
    "What became of questions, why, and where the time went.",
    lines(
        "Share of outcomes",
        "Each kind of outcome as a share of all. Compare with the day before: a corpus that answers half of the "
        "questions may be as it should be, a sudden change is not.",
        "percentunit",
        Query(
            f"{rate(_ANSWERS, 'groundwire_outcome', ROUTE)} / on () group_left () ({rate(_ANSWERS, where=ROUTE)} > 0)",
            "{{groundwire_outcome}}",
        ),
        stacked=True,
        top=1,
    ),
    lines(
        "Causes",
        "Why questions were not answered as asked, per second. The reference of outcomes explains each cause.",
        "reqps",
        Query(
            rate(_ANSWERS, "groundwire_cause", f'{ROUTE}, groundwire_cause!="ANSWER_VALIDATED"'), "{{groundwire_cause}}"
        ),
    ),
    ranking(
        "Outcomes in this time range",
        "How often each combination of outcome, cause and action occurred. `groundwire trace find --cause …` lists "
        "single calls.",
        "short",
        "sort_desc(sum by (groundwire_route, groundwire_outcome, groundwire_cause, groundwire_action) "
        f"(increase({_ANSWERS}{{{ROUTE}}}[$__range])) > 0)",
        "groundwire_route",
        "groundwire_outcome",
        "groundwire_cause",
        "groundwire_action",
        width=8,
    ),
    lines(
        "Duration by outcome",
        "95 % took less time. Points are single calls: a click leads to the trace.",
        "s",
        Query(percentile(95, _SECONDS, "groundwire_outcome", ROUTE), "{{groundwire_outcome}}", exemplars=True),
    ),
    lines(
        "Where the time goes",
        "Seconds that an answer spends in each stage, on average. The highest area is what to make faster.",
        "s",
        Query(
            f"{rate('groundwire_stage_duration_seconds_sum', 'groundwire_stage', ROUTE)}"
            f" / on () group_left () ({rate(f'{_SECONDS}_count', where=ROUTE)} > 0)",
            "{{groundwire_stage}}",
        ),
        stacked=True,
    ),
    lines(
        "Slow stages",
        "95 % of each stage's runs took less time.",
        "s",
        Query(percentile(95, "groundwire_stage_duration_seconds", "groundwire_stage", ROUTE), "{{groundwire_stage}}"),
    ),
    lines(
        "Time to first text",
        "From the arrival of a question to the model's first text: what a reader of a stream waits for.",
        "s",
        Query(percentile(50, "groundwire_answer_time_to_first_text_seconds", where=ROUTE), "50 %"),
        Query(percentile(95, "groundwire_answer_time_to_first_text_seconds", where=ROUTE), "95 %"),
    ),
    lines(
        "Time between texts",
        "Between two stretches of text that a stream's reader gets. Streams of every route.",
        "s",
        Query(percentile(50, "groundwire_stream_time_between_texts_seconds"), "50 %"),
        Query(percentile(95, "groundwire_stream_time_between_texts_seconds"), "95 %"),
    ),
    lines(
        "Fallbacks",
        "Attempts after the first one as a share of all, by what was done. They cost time and money.",
        "percentunit",
        Query(
            rate("groundwire_attempts_total", "groundwire_action", f'{ROUTE}, groundwire_action!="ANSWER"')
            + f" / on () group_left () ({rate('groundwire_attempts_total', where=ROUTE)} > 0)",
            "{{groundwire_action}}",
        ),
        stacked=True,
    ),
    lines(
        "Verdicts on sentences",
        "How sentences stand to their passages, as a share of all. VERBATIM and ENTAILED are verified.",
        "percentunit",
        Query(
            f"{rate('groundwire_sentences_total', 'groundwire_verdict', ROUTE)}"
            f" / on () group_left () ({rate('groundwire_sentences_total', where=ROUTE)} > 0)",
            "{{groundwire_verdict}}",
        ),
        stacked=True,
        top=1,
    ),
    lines(
        "Support of answers",
        "How well answers are supported by their passages, 0 to 1: the average, and what 10 % of answers do not "
        "exceed.",
        "percentunit",
        Query(
            f"sum(rate(groundwire_grounding_score_sum{{{ROUTE}}}{WINDOW}))"
            f" / sum(rate(groundwire_grounding_score_count{{{ROUTE}}}{WINDOW}))",
            "average",
        ),
        Query(percentile(10, "groundwire_grounding_score", where=ROUTE), "lowest 10 %"),
        top=1,
    ),
    lines(
        "Abstained, by route",
        "Share of questions that the documents did not answer. Tune the threshold where it is too high or too low.",
        "percentunit",
        Query(share(_ANSWERS, 'groundwire_outcome="Abstained"', "groundwire_route", ROUTE), "{{groundwire_route}}"),
        top=1,
    ),
    route=True,
)
