"""
Which scenario tells which mutant from the product.
"""

from collections.abc import Callable

from tests.chaos.mutants import scenarios
from tests.chaos.mutants.kitchen import Kitchen
from tests.chaos.mutants.without_the_key import promised_twice

Scenario = Callable[[Kitchen], list[str]]
BY_MUTANT: dict[str, Scenario] = {
    "promise_without_a_key": promised_twice,
    "end_without_a_fence": scenarios.dead_and_alive,
    "count_attempts_afterwards": scenarios.poison,
    "publish_before_the_commit": scenarios.slow_commit,
    "send_each_message_once": scenarios.dispatcher_dies,
    "finish_in_a_transaction_of_its_own": scenarios.worker_dies_halfway,
    "keep_the_event_in_a_transaction_of_its_own": scenarios.door_slams,
    "never_tick": scenarios.nobody_nudges,
    "leave_retries_to_the_broker": scenarios.all_go_home,
    "send_without_a_note": scenarios.answer_is_lost,
    "use_a_new_key_each_time": scenarios.till_hangs_up,
    "claim_what_others_hold": scenarios.message_comes_twice,
}
