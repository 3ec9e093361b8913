"""
Workload W: six follow-up effects of a paid order, all in PostgreSQL, each behind a unique (order, effect) key.

    models.py     the tables that the effects change
    orders.py     the orders that are paid
    one_by_one.py the effects as a good author writes them for one order, with the ORM: what the peers run
    by_hand.py    the same for one order in SQL: floor F2six
    in_sets.py    the same for many orders at once: floor F3six, and what our pipeline runs
    audit.py      whether all of it happened, exactly once
"""
