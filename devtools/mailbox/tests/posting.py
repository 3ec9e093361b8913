"""
How the tests post letters: Python's own SMTP client, nothing of the mailbox.
"""

import smtplib
from email.message import EmailMessage


def letter(*, to="guest@home.example", subject="Your order", message_id="<order-1@shop.example>", html=None):
    message = EmailMessage()
    message["From"] = "shop@shop.example"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = message_id
    message.set_content("Thank you.\n.\nThe line above is a lone dot.\n")
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def post(mailbox, *messages, timeout=5):
    with smtplib.SMTP(mailbox.smtp_host, mailbox.smtp_port, timeout=timeout) as client:
        for message in messages:
            client.send_message(message)
