"""
`manage.py after_restore`: what is to become of the promises in a database that was restored from a backup, or copied.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations import person
from pipeline import restored


class Command(BaseCommand):
    """
    Release a restored database.
    """

    help = (
        "After a restore: bury what may have been sent since the backup and cannot be looked up (letters), look up the "
        "rest (the till), and let the workers start again. Steps in our own database simply go on: their effects were "
        "restored with them. Run it while no worker runs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--by", default=person.at_the_terminal(), help="your name, for the history (default: the user)"
        )
        parser.add_argument(
            "--nothing-was-sent-since",
            action="store_true",
            help="bury nothing: no worker ran between the backup and now (a move to another server, an upgrade)",
        )
        parser.add_argument(
            "--anyway",
            action="store_true",
            help="also if this does not look like a copy (a snapshot of a disk)",
        )

    def handle(self, *args: Any, by: str, nothing_was_sent_since: bool, anyway: bool, **options: Any) -> None:
        if not anyway and not restored.is_elsewhere():
            raise CommandError(
                "This database does not look restored or copied; nothing was changed. If you restored a snapshot of a "
                "disk or a physical backup, which cannot be told apart, add --anyway."
            )
        if nothing_was_sent_since:
            restored.settle_here()
            self.stdout.write(self.style.SUCCESS("Released. Open promises go on as if nothing had happened."))
            return
        held = restored.release(by=by)
        self.stdout.write(
            self.style.SUCCESS(
                f"Released. {held.buried} steps lie buried that may have been done (letters): look into the mail server's log, then revive or discard "
                f"them. {held.to_look_up} orders will be looked up at the till before anything is sent."
            )
        )
