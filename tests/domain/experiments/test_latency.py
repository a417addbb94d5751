"""The histogram of latency, and its quantiles."""

from collections import Counter
from math import inf, isinf
from random import Random

import pytest

from groundwire_server.domain.experiments.latency import latency_bucket, quantile, upper_ms


@pytest.mark.parametrize(
    ("milliseconds", "bucket"), [(0.0, 0), (1.0, 0), (1.01, 1), (2.0, 16), (2.01, 17), (1024.0, 160), (1e9, 321)]
)
def test_buckets_double_in_sixteen_steps(milliseconds: float, bucket: int) -> None:
    assert latency_bucket(milliseconds) == bucket


def test_a_time_is_within_its_bucket() -> None:
    random = Random(1)
    for _ in range(2_000):
        time = 10 ** random.uniform(0.01, 5.9)
        bucket = latency_bucket(time)
        assert upper_ms(bucket - 1) < time * (1 + 1e-9)
        assert time <= upper_ms(bucket) * (1 + 1e-9)
    assert isinf(upper_ms(latency_bucket(1e9)))


def test_a_quantile_is_that_of_the_calls() -> None:
    latency = Counter(latency_bucket(float(time)) for time in range(1, 10_001))
    found = quantile(latency, 0.95, 1.0, 0.05)
    assert found is not None
    assert found.value == pytest.approx(9_500, rel=0.045)
    assert 9_000 < found.low <= found.value <= found.high < 10_100


def test_units_that_come_again_widen_a_quantile() -> None:
    latency = Counter(latency_bucket(float(time)) for time in range(1, 10_001))
    narrow, wide = quantile(latency, 0.95, 1.0, 0.05), quantile(latency, 0.95, 30.0, 0.05)
    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low
    assert wide.high >= narrow.high


def test_few_calls_have_no_upper_end() -> None:
    found = quantile({160: 10}, 0.95, 1.0, 0.05)
    assert found is not None
    assert isinf(found.high)
    unknown = quantile({160: 1_000}, 0.95, inf, 0.05)
    assert unknown is not None
    assert (unknown.low, unknown.high) == (0.0, inf)
    assert quantile({}, 0.95, 1.0, 0.05) is None


def test_the_interval_of_p95_holds_at_every_look() -> None:
    random, runs, missed, error = Random(9), 200, 0, 0.1
    # The 95 % quantile of an exponential distribution with a mean of 400 ms: 400 · ln 20.
    truth = 1_198.3
    for _ in range(runs):
        latency: Counter[int] = Counter()
        wrong = False
        for number in range(1, 1_501):
            latency[latency_bucket(random.expovariate(1 / 400))] += 1
            if number % 50 == 0:
                found = quantile(latency, 0.95, 1.0, error)
                wrong = wrong or found is None or not found.low <= truth <= found.high
        missed += wrong
    assert missed <= runs * error + 3 * (runs * error * (1 - error)) ** 0.5
