from concurrent.futures import ThreadPoolExecutor

from devtools.mailbox import MailboxClient
from devtools.mailbox.tests.posting import letter, post


class TestManyClients:
    def test_lose_nothing_and_double_nothing(self, mailbox):
        def post_some(client):
            post(mailbox, *(letter(message_id=f"<{client}-{number}@shop.example>") for number in range(25)))

        with ThreadPoolExecutor(max_workers=16) as clients:
            list(clients.map(post_some, range(16)))

        counts = mailbox.counts()
        assert (counts.messages, counts.distinct_message_ids) == (400, 400)

    def test_are_read_in_as_many_answers_as_it_takes(self, mailbox):
        post(mailbox, *(letter(message_id=f"<{number}@shop.example>") for number in range(8)))

        listed = MailboxClient(mailbox.url, letters_per_answer=3).messages()

        assert [kept.message_id for kept in listed] == [f"<{number}@shop.example>" for number in range(8)]
