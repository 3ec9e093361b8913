"""
Workload W: six follow-up effects of a paid order, all in PostgreSQL, each behind a unique (order, effect) key.

    models.py      the tables that the effects change
    orders.py      the orders that are paid
    one_by_one.py  the effects as a good author writes them for one order, with the ORM: what the peers run, and floor F1
    in_sets.py     the same in SQL for many orders at once: floors F2six and F3six, and what our pipeline runs
    audit.py       whether all of it happened, exactly once
"""
