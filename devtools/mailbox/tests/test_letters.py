import smtplib

from devtools.mailbox import MailboxClient
from devtools.mailbox.tests.posting import letter, post


class TestLetters:
    def test_are_kept_as_they_were_sent(self, mailbox):
        message = letter(subject="Grüße aus der Küche", html="<p>Thank <b>you</b>.</p>")

        post(mailbox, message)

        (kept,) = mailbox.messages()
        assert kept.message_id == "<order-1@shop.example>"
        assert kept.sender == "shop@shop.example"
        assert kept.recipients == ("guest@home.example",)
        assert kept.subject == "Grüße aus der Küche"
        assert "\n.\nThe line above is a lone dot." in kept.text.replace("\r\n", "\n")
        assert kept.html.strip() == "<p>Thank <b>you</b>.</p>"
        assert b"Message-ID: <order-1@shop.example>\r\n" in kept.raw
        assert kept.received_at.utcoffset().total_seconds() == 0

    def test_are_counted_twice_when_they_came_twice(self, mailbox):
        post(mailbox, letter(), letter(), letter(message_id="<order-2@shop.example>"))

        counts = mailbox.counts()

        assert (counts.messages, counts.distinct_message_ids) == (3, 2)
        assert len(mailbox.messages(message_id="<order-1@shop.example>")) == 2

    def test_are_found_by_recipient_whatever_the_case(self, mailbox):
        post(mailbox, letter(to="Anna@Home.example"), letter(to="bert@home.example"))

        found = mailbox.messages(recipient="anna@home.EXAMPLE")

        assert [kept.recipients for kept in found] == [("Anna@Home.example",)]

    def test_come_in_the_order_they_arrived(self, mailbox):
        post(mailbox, *(letter(message_id=f"<{number}@shop.example>") for number in range(5)))

        listed = MailboxClient(mailbox.url).messages()

        assert [kept.message_id for kept in listed] == [f"<{number}@shop.example>" for number in range(5)]

    def test_may_have_no_message_id_and_bytes_nobody_can_decode(self, mailbox):
        raw = b"Subject: \xff\xfe\r\nContent-Type: text/plain; charset=martian\r\n\r\n\xff body\r\n"

        with smtplib.SMTP(mailbox.smtp_host, mailbox.smtp_port, timeout=5) as client:
            client.sendmail("shop@shop.example", ["guest@home.example"], raw)

        (kept,) = mailbox.messages()
        assert kept.raw == raw
        assert "body" in kept.text
        assert mailbox.counts().distinct_message_ids == 0

    def test_may_be_addressed_to_several(self, mailbox):
        post(mailbox, letter(to="anna@home.example, bert@home.example"))

        (for_anna,) = mailbox.messages(recipient="anna@home.example")
        (for_bert,) = mailbox.messages(recipient="bert@home.example")

        assert for_anna == for_bert
        assert mailbox.counts().messages == 1
