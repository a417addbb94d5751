import pytest

from groundwire_server.domain.generation import Usage
from groundwire_server.domain.price import Price

PRICE = Price(input=3.0, output=15.0, cached=0.3, currency="EUR")


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(), 0),
        (Usage(1000, 100), 4500),
        (Usage(1000, 100, cached_input_tokens=1000), 1800),
        (Usage(1, 0, cached_input_tokens=1), 1),
        (Usage(10, 0, cached_input_tokens=10), 3),
        (Usage(1000, 0, cached_input_tokens=200, cache_written_tokens=300), 2460),
    ],
)
def test_a_price_is_rounded_up_to_a_millionth(usage: Usage, cost: int) -> None:
    priced = PRICE.of(usage)
    assert (priced.cost_micros, priced.currency) == (cost, "EUR")
    assert (priced.input_tokens, priced.output_tokens) == (usage.input_tokens, usage.output_tokens)


def test_what_a_provider_puts_into_its_cache_may_have_a_price_of_its_own() -> None:
    price = Price(input=3.0, output=15.0, cached=0.3, currency="EUR", written=3.75)
    assert price.of(Usage(1000, 0, cached_input_tokens=200, cache_written_tokens=300)).cost_micros == 2685


def test_attempts_add_up() -> None:
    both = PRICE.of(Usage(1000, 100)) + Usage(5, 6, estimated=True)
    assert both == Usage(1005, 106, True, 0, 4500, "EUR")
    assert Usage() + both == both
    assert (Usage(9, cache_written_tokens=4) + Usage(9, cache_written_tokens=5)).cache_written_tokens == 9
