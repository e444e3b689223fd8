"""Requests of other systems at the same time: one key is one deed, and the limit lets exactly so many through."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connections
from django.http import HttpResponse
from django.test import TransactionTestCase, override_settings

from inbox.enums import Via
from inbox.models import Message
from tests.cast import make_cast
from tests.inbox.api_client import System


class RaceTests(TransactionTestCase):
    def setUp(self) -> None:
        self.cast = make_cast()
        self.system = System(self.cast.ada)

    def at_once(self, ask, times: int = 8) -> list[HttpResponse]:
        def run(index: int) -> HttpResponse:
            try:
                return ask(index)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(times) as threads:
            return list(threads.map(run, range(times)))

    def test_one_key_at_the_same_time_is_one_message_and_one_answer(self) -> None:
        path = f"/conversations/{self.cast.claras.pk}/messages"
        answers = self.at_once(lambda index: self.system.post(path, {"text": "Einmal"}, key="k"))
        self.assertEqual({answer.status_code for answer in answers}, {201})
        self.assertEqual(len({answer.content for answer in answers}), 1)
        self.assertEqual(Message.objects.filter(via=Via.API).count(), 1)

    def test_one_key_with_two_bodies_at_the_same_time_does_one_of_them(self) -> None:
        path = f"/conversations/{self.cast.claras.pk}/messages"
        answers = self.at_once(lambda index: self.system.post(path, {"text": f"{index % 2}"}, key="k"))
        self.assertEqual({answer.status_code for answer in answers}, {201, 409})
        self.assertEqual(Message.objects.filter(via=Via.API).count(), 1)

    @override_settings(API_RATE_PER_MINUTE=1)
    def test_of_many_at_once_the_limit_lets_no_more_through(self) -> None:
        codes = [answer.status_code for answer in self.at_once(lambda index: self.system.get("/token"))]
        self.assertLessEqual(codes.count(200), 2)  # two, should a minute begin in between
        self.assertEqual(codes.count(200) + codes.count(429), 8)
