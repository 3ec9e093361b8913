"""
A till's file from before an order could be canceled.
"""

import sqlite3

OLD_STATES, STATES = "('OPEN', 'COMPLETED')", "('OPEN', 'COMPLETED', 'CANCELED')"


def let_orders_be_canceled(connection: sqlite3.Connection) -> None:
    """Make the table of orders anew with all its rows where it knows two states only; SQLite cannot change a CHECK."""
    made = _how_orders_was_made(connection)
    if OLD_STATES not in made:
        return
    columns = made.partition("(")[2].replace(OLD_STATES, STATES)
    connection.execute("PRAGMA foreign_keys = OFF")  # payments refer to orders while it is away
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"CREATE TABLE orders_anew ({columns}")
    connection.execute("INSERT INTO orders_anew SELECT * FROM orders")
    connection.execute("DROP TABLE orders")
    connection.execute("ALTER TABLE orders_anew RENAME TO orders")
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = ON")


def _how_orders_was_made(connection: sqlite3.Connection) -> str:
    row = connection.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'orders'"
    ).fetchone()
    return "" if row is None else str(row[0])
