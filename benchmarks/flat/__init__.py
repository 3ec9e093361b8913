"""
Does an order cost the same after years as on the first day? Two databases of one PostgreSQL, young and old, side by side.

    databases.py  the two, and which of them this process works in
    old_rows.py   what years of orders leave behind, by multiplying real ones
    way.py        the whole way of orders through the engine, and a minute of its questions
    buffers.py    how many of PostgreSQL's buffers that touched
    plans.py      how PostgreSQL went about each statement
"""
