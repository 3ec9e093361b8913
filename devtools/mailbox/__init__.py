"""
A mailbox for development and tests: a real SMTP server that keeps every letter and can be broken on purpose.
"""

from devtools.mailbox.client import MailboxClient as MailboxClient
from devtools.mailbox.letter import Letter as Letter
from devtools.mailbox.running import running_mailbox as running_mailbox
