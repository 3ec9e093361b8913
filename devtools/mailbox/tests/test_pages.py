import pytest
import requests

from devtools.mailbox.pages import LETTERS_PER_PAGE
from devtools.mailbox.tests.posting import letter, post


@pytest.fixture
def browser():
    with requests.Session() as session:
        session.trust_env = False
        yield session


class TestList:
    def test_shows_the_newest_first_in_pages(self, mailbox, browser):
        post(mailbox, *(letter(subject=f"Order number {number}.") for number in range(LETTERS_PER_PAGE + 1)))

        first, second = browser.get(mailbox.url).text, browser.get(f"{mailbox.url}/?page=2").text

        assert f"Order number {LETTERS_PER_PAGE}." in first
        assert "Order number 0." not in first
        assert "Order number 0." in second

    @pytest.mark.parametrize("search", ["anna@", "Grüße", "order-77@", "100%"])
    def test_finds_by_recipient_subject_and_message_id(self, mailbox, browser, search):
        wanted = letter(to="anna@home.example", subject="Grüße 100%", message_id="<order-77@shop.example>")
        post(mailbox, letter(subject="Another"), wanted)

        shown = browser.get(mailbox.url, params={"search": search}).text

        assert "1 letter," in shown
        assert "Another" not in shown

    def test_says_what_is_broken_on_purpose(self, mailbox, browser):
        mailbox.break_down("hang", phase="data", times=3)

        shown = browser.get(mailbox.url).text

        assert "hang at data: struck 0 of 3 times" in shown


class TestLetterPage:
    def test_never_trusts_what_stands_in_a_letter(self, mailbox, browser):
        post(mailbox, letter(subject="<script>alert(1)</script>", html="<script>alert(2)</script>"))

        shown = browser.get(f"{mailbox.url}/letters/1")

        assert "<script>" not in shown.text
        assert '<iframe sandbox title="The HTML part" src="/letters/1/html">' in shown.text
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]

    def test_shows_the_html_part_without_rights(self, mailbox, browser):
        post(mailbox, letter(html="<p>Thank you.</p>"))

        shown = browser.get(f"{mailbox.url}/letters/1/html")

        assert shown.text.strip() == "<p>Thank you.</p>"
        assert shown.headers["Content-Security-Policy"].endswith("; sandbox")

    def test_gives_the_source_byte_by_byte(self, mailbox, browser):
        post(mailbox, letter())

        source = browser.get(f"{mailbox.url}/letters/1/source")

        assert source.content == mailbox.messages()[0].raw
        assert source.headers["Content-Type"] == "text/plain; charset=utf-8"

    def test_is_not_found_when_there_is_none(self, mailbox, browser):
        assert browser.get(f"{mailbox.url}/letters/9").status_code == 404


class TestAnswers:
    def test_go_on_after_the_last_id(self, mailbox, browser):
        post(mailbox, letter(), letter(), letter())

        page = browser.get(f"{mailbox.url}/_mailbox/messages", params={"limit": 2, "after": 1}).json()

        assert [fields["id"] for fields in page["messages"]] == [2, 3]

    @pytest.mark.parametrize("query", ["limit=many", "after=-1", f"after={'9' * 30}"])
    def test_refuse_what_is_no_number(self, mailbox, browser, query):
        assert browser.get(f"{mailbox.url}/_mailbox/messages?{query}").status_code == 400

    @pytest.mark.parametrize("body", [b"no json", b"7", b'{"mode": "explode", "phase": "data"}', b"\xff"])
    def test_refuse_a_fault_they_do_not_know(self, mailbox, browser, body):
        answer = browser.put(f"{mailbox.url}/_mailbox/faults", data=body)

        assert answer.status_code == 400
        assert answer.json()["error"]

    def test_refuse_a_foreign_name(self, mailbox, browser):
        answer = browser.get(mailbox.url, headers={"Host": "evil.example"})

        assert answer.status_code == 403
