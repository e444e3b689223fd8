"""HTTP to Meta: what each answer means, and where the token never goes."""

import hashlib
import hmac
import io
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from django.utils import translation

from tests import factories
from tests.fake_graph import FakeGraph, graph_error, response
from tests.phone_fixture import NUMBER_ID, TOKEN, WABA_ID, PracticePhone, free_port
from whatsapp import client, errors
from whatsapp.client import AccountAPI, CloudAPI
from whatsapp.errors import OutcomeUnknown, PermanentFailure, TemporaryFailure
from whatsapp.models import PhoneNumber

pytestmark = pytest.mark.django_db
PAYLOAD = {"messaging_product": "whatsapp", "to": "+491729925904", "type": "text", "text": {"body": "Hallo"}}


@pytest.fixture
def number() -> PhoneNumber:
    number = factories.number(factories.workspace(), phone_number_id=NUMBER_ID)
    account = number.business_account
    account.waba_id, account.access_token = WABA_ID, TOKEN
    account.save()
    return PhoneNumber.objects.get()


@pytest.fixture
def phone(practice_phone: PracticePhone, settings) -> PracticePhone:
    settings.GRAPH_BASE_URL = practice_phone.url
    practice_phone.settings(enforce_window="off", webhook_target="http://127.0.0.1:9/")
    client.use_pool_of(4)
    return practice_phone


# --- Answers ----------------------------------------------------------------------------------------------------------


def test_an_accepted_message_has_metas_id(number, graph: FakeGraph):
    result = CloudAPI(number).send(PAYLOAD)

    assert (result.wamid, result.wa_id) == ("wamid.fake1", "491729925904")
    method, url, more = graph.calls[0]
    assert (method, url.rpartition("/v26.0/")[2], more["token"]) == ("POST", f"{NUMBER_ID}/messages", TOKEN)


@pytest.mark.parametrize(("answer", "kind", "code"), [
    (graph_error(131016, 500), TemporaryFailure, 131016),
    (graph_error(130429), TemporaryFailure, 130429),
    (graph_error(4), TemporaryFailure, 4),
    (graph_error(424242, 503), TemporaryFailure, 424242),
    (graph_error(424242, 400, is_transient=True), TemporaryFailure, 424242),
    (response(429, "slow"), TemporaryFailure, errors.HTTP_TOO_MANY),
    (graph_error(131026), PermanentFailure, 131026),
    (graph_error(424242), PermanentFailure, 424242),
    (graph_error(190, 401), PermanentFailure, 190),
    (response(400, {"error": {"code": "131026", "message": "as text"}}), PermanentFailure, 131026),
    (response(404, "<html>not found</html>"), PermanentFailure, errors.STRANGE_ANSWER),
    (response(302, "", {"location": "https://evil.example"}), PermanentFailure, errors.STRANGE_ANSWER),
    (response(200, {"error": {"code": 131026}}), PermanentFailure, 131026),
    (response(502, "<html>bad gateway</html>"), OutcomeUnknown, errors.UNCONFIRMED),
    (response(500, {"error": "text"}), OutcomeUnknown, errors.UNCONFIRMED),
    (response(500, {"error": {"message": "no code"}}), OutcomeUnknown, errors.UNCONFIRMED),
    (response(200, "[]"), OutcomeUnknown, errors.UNCONFIRMED),
    (response(200, {"messages": [{"id": 7}]}), OutcomeUnknown, errors.UNCONFIRMED),
    (response(200, "{" * 100_000), OutcomeUnknown, errors.UNCONFIRMED),
    (requests.ReadTimeout(), OutcomeUnknown, errors.UNCONFIRMED),
    (requests.ConnectionError("Connection aborted."), OutcomeUnknown, errors.UNCONFIRMED),
    (requests.ConnectTimeout(), TemporaryFailure, errors.NOT_REACHED),
])  # fmt: skip
def test_every_answer_to_a_send_means_one_thing(number, graph: FakeGraph, answer, kind, code):
    graph.answers = [answer]

    with pytest.raises(errors.DeliveryProblem) as problem:
        CloudAPI(number).send(PAYLOAD)

    assert (type(problem.value), problem.value.code) == (kind, code)


@pytest.mark.parametrize("answer", [response(502, "<html>"), requests.ReadTimeout(), response(200, "<html>")])
def test_a_read_that_got_lost_may_simply_be_repeated(number, graph: FakeGraph, answer):
    graph.answers = [answer]

    with pytest.raises(TemporaryFailure):
        CloudAPI(number).media_info("1")


@pytest.mark.parametrize(("answer", "seconds"), [
    (graph_error(4), 60.0),
    (response(429, "", {"retry-after": "7"}), 7.0),
    (response(400, {"error": {"code": 80007}}, {
        "x-business-use-case-usage": '{"208": [{"call_count": 100, "estimated_time_to_regain_access": 3}]}'
    }), 180.0),
    (response(429, "", {"retry-after": "soon", "x-business-use-case-usage": "[1]"}), None),
])  # fmt: skip
def test_metas_own_waiting_time_is_kept(number, graph: FakeGraph, answer, seconds):
    graph.answers = [answer]

    with pytest.raises(TemporaryFailure) as problem:
        CloudAPI(number).send(PAYLOAD)

    assert problem.value.retry_after == seconds


def test_every_known_code_has_words_in_both_languages():
    codes = [131047, 131026, 131049, 131050, 131053, 131056, 131048, 131042, 132001, 190, 368, -1, -4, -10, 99, None]
    for code in codes:
        for language in ("de", "en"):
            with translation.override(language):
                assert str(errors.sentence(code))
                assert str(errors.next_step(code))


@pytest.mark.parametrize(("code", "action"), [
    (131047, "template"), (131026, "give_up"), (130429, "retry"), (131009, "fix"), (190, "stop"), (210, "stop"),
    (133010, "stop"), (132015, "give_up"), (987654, "fix"), (None, "fix"),
])  # fmt: skip
def test_each_code_asks_for_one_action(code, action):
    assert errors.action(code) == action


# --- The token --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("url", "allowed"), [
    ("https://graph.facebook.com/v26.0/1/messages", True),
    ("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", True),
    ("https://eu.lookaside.fbsbx.com/x", True),
    ("http://graph.facebook.com/v26.0/1", False),
    ("https://graph.facebook.com:8443/v26.0/1", False),
    ("https://graph.facebook.com@evil.example/", False),
    ("https://user:pass@graph.facebook.com/", False),
    ("https://evil-lookaside.fbsbx.com.evil.example/", False),
    ("https://evillookaside.fbsbx.com/", False),
    ("https://127.0.0.1/", False), ("file:///etc/passwd", False), ("https://[::1", False), ("", False),
])  # fmt: skip
def test_the_token_goes_to_metas_hosts_over_https_only(settings, url, allowed):
    settings.DEMO, settings.GRAPH_BASE_URL = False, "https://graph.facebook.com"

    assert client.may_carry_token(url) is allowed


def test_a_forbidden_address_is_refused_before_anything_is_sent(number, settings):
    settings.GRAPH_BASE_URL, settings.DEMO = "http://127.0.0.1:9", False

    with pytest.raises(PermanentFailure):
        CloudAPI(number).send(PAYLOAD)


def test_a_redirect_away_from_meta_is_not_followed(number, settings):
    seen: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{other.server_port}/stolen")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args) -> None:
            pass

    meta, other = (ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) for _ in range(2))
    for server in (meta, other):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.GRAPH_BASE_URL = f"http://127.0.0.1:{meta.server_port}"

    with pytest.raises(PermanentFailure):
        list(CloudAPI(number).download(f"{settings.GRAPH_BASE_URL}/file", 1000))

    assert seen == ["/file"]
    for server in (meta, other):
        server.shutdown()


def test_apps_that_want_it_get_every_call_signed(number, graph: FakeGraph, settings):
    settings.GRAPH_APPSECRET_PROOF = True

    CloudAPI(number).send(PAYLOAD)

    proof = hmac.new(factories.APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert graph.calls[0][2]["params"] == {"appsecret_proof": proof}


# --- On the wire ------------------------------------------------------------------------------------------------------


def test_sending_marking_read_and_files_on_the_wire(number, phone: PracticePhone):
    api = CloudAPI(number)
    written = phone.write("lena", "Ist mein Rad fertig?")

    result = api.send(PAYLOAD | {"biz_opaque_callback_data": "abc"})
    api.mark_read(written["wamid"], typing=True)
    media_id = api.upload_media(io.BytesIO(b"%PDF-1.4 test"), "application/pdf", "rechnung.pdf")
    content = b"".join(api.download(api.media_info(media_id)["url"], 1000))

    assert phone.ledger()["by_callback"] == {"abc": 1}
    assert result.wamid.startswith("wamid.")
    assert content == b"%PDF-1.4 test"


def test_a_download_that_grows_too_large_is_cut_off(number, phone: PracticePhone):
    api = CloudAPI(number)
    media_id = api.upload_media(io.BytesIO(b"%PDF-1.4" + b"x" * 5000), "application/pdf", "gross.pdf")

    with pytest.raises(PermanentFailure):
        list(api.download(api.media_info(media_id)["url"], 4000))


def test_all_pages_of_templates_come_over_the_wire(number, phone: PracticePhone):
    names = [item["name"] for item in AccountAPI(number.business_account).templates(page_size=3)]

    assert len(names) == len(phone.templates())


def test_nobody_listening_means_nothing_left(number, settings):
    settings.GRAPH_BASE_URL = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(TemporaryFailure) as problem:
        CloudAPI(number).send(PAYLOAD)

    assert problem.value.code == errors.NOT_REACHED


def test_an_unknown_host_means_nothing_left(number, settings):
    settings.GRAPH_BASE_URL = "http://meta.invalid"

    with pytest.raises(TemporaryFailure):
        CloudAPI(number).send(PAYLOAD)


def test_a_server_without_tls_means_nothing_left(number, settings):
    listener = socket.create_server(("127.0.0.1", 0))
    settings.GRAPH_BASE_URL = f"https://127.0.0.1:{listener.getsockname()[1]}"

    def talk_plainly() -> None:
        peer, _address = listener.accept()
        peer.recv(1000)
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.close()

    threading.Thread(target=talk_plainly, daemon=True).start()

    with pytest.raises(TemporaryFailure):
        CloudAPI(number).send(PAYLOAD)
    listener.close()


@pytest.mark.parametrize("word", ["drop", "close", "empty500", "html"])
def test_a_connection_cut_after_the_request_left_is_unknown(number, phone: PracticePhone, word):
    phone.fault(word, path="messages")

    with pytest.raises(OutcomeUnknown):
        CloudAPI(number).send(PAYLOAD)
