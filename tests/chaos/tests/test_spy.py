import json
from base64 import b64encode

from tests.chaos.house import House
from tests.chaos.spy import Spy


def message(*, args):
    """
    A message of Celery's as kombu keeps it, twice wrapped as in `unacked`.
    """
    body = b64encode(json.dumps([args, {}, {}]).encode()).decode()
    envelope = {"body": body, "headers": {"origin": "gen42@vm.internal"}}
    return json.dumps([json.dumps(envelope), "", "emails"]).encode()


class TestSpy:
    def read(self, text):
        spy = Spy(house=House.__new__(House))
        spy._read(text)
        return spy.private

    def test_finds_an_address_inside_the_body_of_a_message(self):
        assert self.read(message(args=[7, "guest7@example.com"])) == ["guest7@example.com"]

    def test_finds_a_name_and_a_telephone_number(self):
        assert self.read(b'{"note": "Guest 12 called"}') == ["Guest 12"]
        assert self.read(b'{"note": "+39 06 1234 5678"}') == ["+39 06 1234 5678"]

    def test_takes_ids_and_the_names_of_nodes_for_what_they_are(self):
        assert self.read(message(args=[[7, 8, 9]])) == []
