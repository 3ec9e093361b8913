from collections import Counter

from tests.chaos.deliveries import write_script
from tests.chaos.guests import HABITS, Guest, brings_money, habits_of

GUESTS = [Guest(reference=f"order-{n}", amount=1000 + n, currency="USD") for n in range(400)]
REFUSED = Guest(reference="refused", amount=1200, currency="USD", refused_by="till")


class TestScript:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self):
        one, same, another = (write_script(GUESTS, seed=seed, lasts_seconds=60).plan for seed in (7, 7, 8))

        assert ids(one) == ids(same)
        assert ids(one) != ids(another)

    def test_delivers_every_event_some_of_them_twice_and_some_out_of_order(self):
        script = write_script(GUESTS, seed=7, lasts_seconds=60)

        assert {event["id"] for event in script.events} == set(ids(script.plan))
        assert script.doubled > len(script.events) / 10
        assert script.shuffled > 0

    def test_is_spread_evenly_over_its_time(self):
        times = [one.after_seconds for one in write_script(GUESTS, seed=7, lasts_seconds=60).plan.deliveries]

        assert times == sorted(times)
        assert 59 < times[-1] < 60

    def test_counts_no_order_as_paid_whose_guest_walks_away(self):
        script = write_script(GUESTS, seed=7, lasts_seconds=60)
        habits = habits_of(GUESTS, seed=7)

        assert script.payers == {reference for reference, habit in habits.items() if habit.pays}
        assert len(script.payers) < len(GUESTS)


class TestHabits:
    def test_are_all_met_in_a_run(self):
        met = Counter(habit.does.__name__ for habit in habits_of(GUESTS, seed=7).values())

        assert met.keys() == {habit.does.__name__ for habit in HABITS}

    def test_bring_money_exactly_where_they_pay(self):
        for habit in HABITS:
            assert any(brings_money(event) for event in habit.does(GUESTS[0].sale())) == habit.pays

    def test_let_whoever_is_refused_for_good_pay(self):
        assert habits_of([REFUSED], seed=1)["refused"].pays


def ids(plan):
    return [one.event["id"] for one in plan.deliveries]
