import unicodedata

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.test import SimpleTestCase

from notifications import columns, wording
from notifications.envelope import Envelope


def letter(**changes):
    values = {
        "subject": "Your receipt from Trattoria Roma: order 12",
        "body": "Hello\n.a dot\nünï\n",
        "from_email": "Trattoria Roma <noreply@orders.example>",
        "to": ["guest@example.com"],
        "headers": {
            "Message-ID": "<order-1.confirmation@orders.example>",
            "Date": "Mon, 1 Jun 2026 12:00:00 +0000",
        },
    }
    message = EmailMultiAlternatives(**{**values, **changes})
    message.attach_alternative("<p>Hello</p>\n", "text/html")
    return message


def as_django_writes_it(message, boundary):
    mime = message.message()
    mime.set_boundary(boundary)
    return mime.as_bytes(linesep="\r\n")


class TestEnvelope(SimpleTestCase):
    def test_holds_the_letter_as_django_would_write_it(self):
        for changes in (
            {},
            {"subject": "Ihre Rechnung: Müller " * 9},
            {"subject": "a long subject of plain words " * 9},
            {"from_email": "Trattoria Römer <noreply@orders.example>"},
            {"to": [f"guest{n}@a-rather-long-name.example.com" for n in range(9)]},
            {"body": "long " * 400},
        ):
            with self.subTest(**changes):
                body = Envelope.of(letter(**changes)).body
                boundary = body.split(b'boundary="')[1].split(b'"')[0].decode()
                wanted = as_django_writes_it(letter(**changes), boundary)

                self.assertEqual(body.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."), wanted)

    def test_tells_plain_addresses_as_django_would(self):
        for address in (
            "guest@example.com",
            "a.b+c_d-e@x-y.example",
            "anna@bücher.example",
            "ünï@example.com",
        ):
            [told] = Envelope.of(letter(to=[address])).recipients

            self.assertEqual(told, sanitize_address(address, "utf-8"))

    def test_has_another_boundary_each_time(self):
        self.assertNotEqual(Envelope.of(letter()).body, Envelope.of(letter()).body)


class TestShortWays(SimpleTestCase):
    """
    What nearly all text takes comes to the same as the long way.
    """

    def test_of_the_width_of_text(self):
        for code in range(0x1200):
            sign = chr(code)
            if sign.isprintable():
                self.assertEqual(columns.width(sign), columns._columns(sign), hex(code))

    def test_of_text_on_one_line(self):
        for code in range(0x80):
            control = unicodedata.category(chr(code)) == "Cc"
            self.assertEqual(
                wording.one_line(f"  a{chr(code)}b "),
                " ".join(f"a{' ' if control else chr(code)}b".split()),
                hex(code),
            )
