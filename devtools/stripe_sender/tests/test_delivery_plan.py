import pytest
from hypothesis import given
from hypothesis import strategies as some

from devtools.stripe_sender import Sale, make_plan
from devtools.stripe_sender.delivery_plan import BadPlan
from devtools.stripe_sender.events import payment_intent_succeeded


def events(count):
    sales = (
        Sale.of(order_reference=str(order), amount=100, currency="usd", created=0) for order in range(count)
    )
    return [payment_intent_succeeded(sale) for sale in sales]


HUNDRED = events(100)
WILD = {"duplicates": 0.3, "at_once": 3, "shuffled": 10, "delayed": 0.5, "delay_seconds": 2.0}


class TestPlan:
    def test_is_the_same_for_the_same_seed(self):
        assert make_plan(HUNDRED, seed=5, **WILD) == make_plan(HUNDRED, seed=5, **WILD)
        assert make_plan(HUNDRED, seed=5, **WILD) != make_plan(HUNDRED, seed=6, **WILD)

    def test_is_plain_when_nothing_is_asked(self):
        plan = make_plan(HUNDRED)

        assert [planned.event for planned in plan.deliveries] == HUNDRED
        assert {(planned.copies, planned.after_seconds) for planned in plan.deliveries} == {(1, 0.0)}

    @given(seed=some.integers(0, 10_000))
    def test_never_forgets_an_event(self, seed):
        plan = make_plan(HUNDRED, seed=seed, **WILD)

        assert {planned.event["id"] for planned in plan.deliveries} == {event["id"] for event in HUNDRED}

    @given(seed=some.integers(0, 10_000), places=some.integers(0, 20))
    def test_moves_nothing_farther_than_the_window(self, seed, places):
        plan = make_plan(HUNDRED, seed=seed, shuffled=places)

        moved = [abs(HUNDRED.index(planned.event) - place) for place, planned in enumerate(plan.deliveries)]
        assert max(moved) <= places

    def test_doubles_the_wished_share(self):
        later = make_plan(HUNDRED, seed=1, duplicates=0.3)
        at_once = make_plan(HUNDRED, seed=1, duplicates=0.3, at_once=4)

        assert 115 <= len(later.deliveries) <= 145
        assert {planned.copies for planned in at_once.deliveries} == {1, 4}
        assert len(at_once.deliveries) == 100

    def test_delays_the_wished_share(self):
        plan = make_plan(HUNDRED, seed=1, delayed=0.5, delay_seconds=2.0)

        late = [planned.after_seconds for planned in plan.deliveries if planned.after_seconds > 0]
        assert 30 <= len(late) <= 70
        assert max(late) <= 2.0

    @pytest.mark.parametrize(
        "wish",
        [{"duplicates": 1.5}, {"delayed": -0.1}, {"at_once": 0}, {"shuffled": -1}, {"delay_seconds": -1.0}],
    )
    def test_cannot_be_made_of_nonsense(self, wish):
        with pytest.raises(BadPlan):
            make_plan(HUNDRED, **wish)
