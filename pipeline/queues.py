"""
The lanes on which steps travel; each is a Celery queue of the same name.
"""

from enum import StrEnum


class Queue(StrEnum):
    """
    All lanes, in the order in which they are listed everywhere.
    """

    DEFAULT = "default"
    POST_PAYMENT = "post_payment"
    EMAILS = "emails"
    POS_SYNC = "pos_sync"
    ANALYTICS = "analytics"
    LOYALTY = "loyalty"
    INVENTORY = "inventory"
