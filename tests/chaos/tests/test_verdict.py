import pytest

from devtools.stripe_sender import Delivery
from tests.chaos.check.recovery import Times
from tests.chaos.deliveries import write_script
from tests.chaos.guests import Guest
from tests.chaos.house import House
from tests.chaos.ours import Verdict
from tests.chaos.report import Report
from tests.chaos.soak import Soak, carry_out
from tests.chaos.spy import Spy
from tests.chaos.storm.catalogue import FAULTS
from tests.chaos.storm.schedule import Planned
from tests.chaos.storm.strikes import Storm, Struck
from tests.chaos.stripe_calls import Heard, StripeCalls
from tests.chaos.terms import Terms

GUESTS = [Guest(reference=f"order-{n}", amount=1000 + n, currency="USD") for n in range(20)]
TERMS = Terms(seed=7, load_seconds=1, orders_per_second=20)
PLANNED = Planned(number=1, at_seconds=0, fault=FAULTS[0])


def verdict():
    """
    Of a soak in which all went well: everything was accepted, and the one strike was mended.
    """
    house = House.__new__(House)
    script = write_script(GUESTS, seed=7, lasts_seconds=1)
    calls = StripeCalls(script=script, url="", secret="", seed=7, lasts_seconds=1)
    calls.heard = [heard(event) for event in script.events]
    storm = Storm(house=house, plan=[PLANNED], seed=7, struck=[Struck(planned=PLANNED, began=1, mended=2)])
    none = Times.of([])
    return Verdict(
        soak=Soak(house=house, script=script, calls=calls, storm=storm, spy=Spy(house=house)),
        counts=[], judgements=[], buried=0, buried_wrongly=[], not_buried=[], unexplained=[], recoveries={},
        answers=(none, none, 0),
    )  # fmt: skip


def heard(event, *, status=200):
    return Heard(
        at=1.0, delivery=Delivery(event_id=event["id"], type=event["type"], status=status, seconds=0.1)
    )


def one_event_was_never_accepted(soak):
    soak.calls.heard[3] = heard(soak.script.events[3], status=503)


def stripe_never_came(soak):
    soak.calls.heard.clear()


def a_thread_died(soak):
    soak.died.append("Stripe ended with OSError: no more files")


def a_strike_was_never_mended(soak):
    soak.storm.struck[0].mended = 0.0


def the_storm_ended_early(soak):
    soak.storm.struck.clear()


class TestVerdict:
    def test_is_good_where_all_was_accepted_and_mended_and_nobody_died(self):
        assert verdict().ok

    @pytest.mark.parametrize(
        ("spoil", "complaint"),
        [
            (one_event_was_never_accepted, "1 events were never accepted"),
            (stripe_never_came, "events were never accepted"),
            (a_thread_died, "Stripe ended with OSError"),
            (a_strike_was_never_mended, "never mended: "),
            (the_storm_ended_early, "1 faults of the plan never struck"),
        ],
    )
    def test_is_not_good_where_the_run_is_not_whole(self, spoil, complaint):
        found = verdict()
        spoil(found.soak)

        assert not found.ok
        assert complaint in Report(terms=TERMS, verdict=found).sentence


class TestSoak:
    def test_keeps_that_a_thread_of_its_own_died(self):
        soak = verdict().soak
        soak.house.make_whole = lambda: None

        class Nothing:
            def still_open(self):
                return 0

        soak.calls.run = dies
        soak.storm.run = dies
        soak.spy.run = dies
        carry_out(soak, patient=Nothing(), telling=lambda _soak: None)

        assert sorted(soak.died) == [
            f"{name} ended with OSError: gone" for name in ("Stripe", "spy", "storm")
        ]


def dies(**_told):
    raise OSError("gone")
