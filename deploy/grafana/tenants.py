"""Who uses models, for what, and what it costs."""

from typing import Final

from deploy.grafana.parts import Query, board, lines, ranking, rate

_COST: Final = "groundwire_cost_total"
_CURRENCY: Final = "groundwire_usage_currency"
_INPUT: Final = 'gen_ai_token_type="input"'
_HOUR: Final = "3600 * "

BOARD: Final = board(
    "groundwire-tenants",
    "groundwire: tenants and cost",
    "Who spends, on which models and for what? Costs are in units of the currency that the legend names, and count "
    "only models that have a price in the configuration. Tenants after the first ones are `other`.",
    ranking(
        "Cost by tenant in this time range",
        "The twenty tenants that spent most.",
        "short",
        f"sort_desc(topk(20, sum by (groundwire_tenant, {_CURRENCY}) (increase({_COST}[$__range]))))",
        "groundwire_tenant",
        _CURRENCY,
    ),
    ranking(
        "Cost by model and purpose in this time range",
        "What the money was spent on.",
        "short",
        f"sort_desc(sum by (groundwire_model, groundwire_purpose, {_CURRENCY}) (increase({_COST}[$__range])))",
        "groundwire_model",
        "groundwire_purpose",
        _CURRENCY,
    ),
    lines(
        "Cost per hour",
        "What an hour costs at the present rate.",
        "short",
        Query(_HOUR + rate(_COST, _CURRENCY), f"{{{{{_CURRENCY}}}}}"),
    ),
    lines(
        "Cost per hour, by tenant",
        "The ten tenants that spend most at each moment.",
        "short",
        Query(
            f"topk(10, {_HOUR}{rate(_COST, f'groundwire_tenant, {_CURRENCY}')})",
            f"{{{{groundwire_tenant}}}} ({{{{{_CURRENCY}}}}})",
        ),
        stacked=True,
    ),
    lines(
        "Cost per hour, by model",
        "What an hour of each model costs at the present rate.",
        "short",
        Query(
            _HOUR + rate(_COST, f"groundwire_model, {_CURRENCY}"),
            f"{{{{groundwire_model}}}} ({{{{{_CURRENCY}}}}})",
        ),
        stacked=True,
    ),
    lines(
        "Cost of a thousand answers",
        "What models cost for a thousand outcomes of any kind, fallbacks and repairs included.",
        "short",
        Query(
            f"1000 * {rate(_COST, _CURRENCY)} / on () group_left () ({rate('groundwire_answers_total')} > 0)",
            f"{{{{{_CURRENCY}}}}}",
        ),
        width=6,
    ),
    lines(
        "Tokens, by tenant",
        "Tokens per second of the ten tenants that use most, those of failed and cancelled calls included.",
        "short",
        Query(f"topk(10, {rate('groundwire_tokens_total', 'groundwire_tenant')})", "{{groundwire_tenant}}"),
        width=6,
        stacked=True,
    ),
    lines(
        "Tokens, by purpose",
        "Tokens per second, by what models were used for. ANSWER should be the most.",
        "short",
        Query(
            rate("groundwire_tokens_total", "groundwire_purpose, gen_ai_token_type"),
            "{{groundwire_purpose}} {{gen_ai_token_type}}",
        ),
        width=6,
        stacked=True,
    ),
    lines(
        "Input from the provider's cache",
        "Share of each model's input tokens that the provider had kept. It keeps what prompts begin with, where that "
        "is the same and long enough.",
        "percentunit",
        Query(
            rate("groundwire_tokens_cached_total", "groundwire_model")
            + f" / ({rate('groundwire_tokens_total', 'groundwire_model', _INPUT)} > 0)",
            "{{groundwire_model}}",
        ),
        width=6,
        top=1,
    ),
    route=False,
)
