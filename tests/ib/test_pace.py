"""What goes out in any second, counted by hand; waits between attempts; the broker's clock."""

from __future__ import annotations

from random import Random

from engine.clock import NS_PER_SECOND
from engine.ib.broker_clock import BrokerClock
from engine.ib.pace import Backoff, Bucket


def sent(bucket: Bucket, n: int, now: float = 0.0) -> list[float]:
    """Return when each of `n` messages goes out that are all wanted as soon as possible."""
    times = []
    for _ in range(n):
        now += bucket.wait(now)
        times.append(now)
    return times


def most_in_a_second(times: list[float]) -> int:
    return max(sum(1 for t in times if start <= t <= start + 1.0) for start in times)


def test_no_second_has_more_than_45_messages() -> None:
    bucket = Bucket()
    times = sent(bucket, 500)
    assert most_in_a_second(times) <= 44
    assert times[-1] < 500 / 35.0
    # Nor after a rest.
    assert most_in_a_second(sent(bucket, 200, times[-1] + 60.0)) <= 44


def test_a_pause_holds_everything_back() -> None:
    bucket = Bucket()
    bucket.wait(0.0)
    bucket.pause(1.0, 2.0)
    assert sent(bucket, 1, 1.0)[0] >= 3.0


def test_a_clock_that_stands_still_gives_no_tokens() -> None:
    bucket = Bucket(10.0, 2.0)
    assert [bucket.wait(5.0) for _ in range(3)] == [0.0, 0.0, 0.1]
    assert bucket.wait(4.0) == 0.2
    assert bucket.n_waits == 2


def test_waits_double_up_to_the_longest_and_begin_again() -> None:
    backoff = Backoff(Random(3), 0.5, 30.0)
    waits = [backoff.after_failure() for _ in range(12)]
    for k, wait in enumerate(waits):
        longest = min(0.5 * 2**k, 30.0)
        assert 0.5 * longest <= wait <= longest
    assert len(set(waits)) == 12
    backoff.succeeded()
    assert backoff.after_failure() <= 0.5


class Still:
    def __init__(self, now_ns: int) -> None:
        self.wall = now_ns

    def now_ns(self) -> int:
        return self.wall

    def monotonic_ns(self) -> int:
        return 7


def test_the_brokers_clock_moves_only_when_it_is_seconds_off() -> None:
    machine = Still(1_000 * NS_PER_SECOND)
    clock = BrokerClock(machine)
    assert not clock.heard(1_001)
    assert clock.now_ns() == 1_000 * NS_PER_SECOND
    assert clock.heard(2_000)
    assert abs(clock.now_ns() - 2_000 * NS_PER_SECOND) <= NS_PER_SECOND
    machine.wall += 10 * NS_PER_SECOND
    assert not clock.heard(2_010)
    assert clock.heard(1_500)
    assert abs(clock.now_ns() - 1_500 * NS_PER_SECOND) <= NS_PER_SECOND
    assert (clock.n_moves, clock.monotonic_ns()) == (2, 7)
