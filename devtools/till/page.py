"""
The page for people: the latest tickets, the totals, and what is broken just now.
"""

from devtools.till.local import LocalHandler
from devtools.till.money import readable
from devtools.till.tickets import counts, latest_tickets, totals

MOST_TICKETS = 50


class TicketsPage(LocalHandler):
    """`GET /`: one page without scripts; every text in it is escaped by the template."""

    def get(self) -> None:
        """Show the page."""
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.render(
            "page.html",
            tickets=latest_tickets(self.till.ledger, limit=MOST_TICKETS),
            counts=counts(self.till.ledger),
            totals=totals(self.till.ledger),
            standing=self.till.faults.standing,
            readable=readable,
        )
