"""The only module that speaks HTTP to Meta.

Every request goes through `request`, so that one place decides where the bearer token may travel, how long to wait
and what a redirect means (nothing: none is followed). Answers become values or one of whatsapp.errors' three
exceptions; for a send, everything that is not a plain yes or a plain no is OutcomeUnknown.
"""

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

from accounts.fields import Secret
from whatsapp import answers, errors
from whatsapp.errors import OutcomeUnknown, PermanentFailure, TemporaryFailure
from whatsapp.models import BusinessAccount, PhoneNumber
from whatsapp.multipart import Multipart

TIMEOUT = (5.0, 30.0)  # connect, read (whatsapp-cloud-api.md §20)
UPLOAD_TIMEOUT = (5.0, 120.0)
MAX_REDIRECTS = 3
CHUNK = 64 * 1024
PUBLIC_HOSTS = ("whatsapp.net", "fbcdn.net")
TEMPLATE_FIELDS = (
    "id,name,language,status,category,components,quality_score,rejected_reason,parameter_format,correct_category"
)

_lock = threading.Lock()
_session: requests.Session | None = None
_pool_size = 10


class ForbiddenAddress(PermanentFailure):
    """An address outside Meta's hosts: the token does not go there."""

    def __init__(self, url: str) -> None:
        super().__init__(errors.STRANGE_ANSWER, f"refused to call {urlsplit(url).hostname}")


@dataclass(frozen=True, slots=True)
class SendResult:
    """Meta took the message. `wa_id` and `user_id` teach us the customer's identities; either may be missing."""

    wamid: str
    message_status: str = ""
    wa_id: str = ""
    user_id: str = ""
    trace_id: str = ""


def use_pool_of(size: int) -> None:
    """Keep this many connections (a thread each) open to Meta; called once by the delivery loop before its threads."""
    global _session, _pool_size
    with _lock:
        _pool_size, _session = size, None


def _shared_session() -> requests.Session:
    global _session
    with _lock:
        if _session is None:
            session = requests.Session()
            session.trust_env = False  # no proxy or .netrc of the machine may see a token
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            session.headers["User-Agent"] = "Tresen (shared WhatsApp inbox)"
            adapter = HTTPAdapter(pool_connections=8, pool_maxsize=_pool_size, pool_block=True, max_retries=0)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            _session = session
        return _session


def may_carry_token(url: str) -> bool:
    """Does this address belong to Meta (in demo mode: to the practice phone), over https?"""
    try:
        parts, base = urlsplit(url), urlsplit(settings.GRAPH_BASE_URL)
        port, base_port = parts.port, base.port
    except ValueError:
        return False
    host = parts.hostname or ""
    if not host or parts.username is not None or parts.password is not None:
        return False
    if host == base.hostname and port == base_port:
        return parts.scheme == "https" or (settings.DEMO and parts.scheme == base.scheme == "http")
    is_medias = any(host == name or host.endswith(f".{name}") for name in settings.GRAPH_MEDIA_HOSTS)
    return is_medias and parts.scheme == "https" and port in (None, 443)


def request(
    method: str, url: str, *, token: str, timeout: tuple[float, float] | None = None, **kwargs: Any
) -> requests.Response:
    """The one HTTP call to Meta: bearer token to Meta's hosts only, redirects never followed.

    Raises requests' own exceptions; the callers below turn them into whatsapp.errors.
    """
    if not may_carry_token(url):
        raise ForbiddenAddress(url)
    headers = {"Authorization": f"Bearer {token}", **kwargs.pop("headers", {})}
    return _shared_session().request(
        method, url, headers=headers, timeout=timeout or TIMEOUT, allow_redirects=False, verify=True, **kwargs
    )


def request_public(url: str) -> requests.Response:
    """A file that Meta shows to everybody (profile pictures): no token goes there. To be closed by the caller."""
    parts, base = urlsplit(url), urlsplit(settings.GRAPH_BASE_URL)
    is_public = any((parts.hostname or "").endswith(f".{name}") for name in PUBLIC_HOSTS)
    is_ours = settings.DEMO and parts.netloc == base.netloc and parts.scheme == base.scheme
    if not is_ours and not (is_public and parts.scheme == "https" and parts.netloc == parts.hostname):
        raise ForbiddenAddress(url)
    return _shared_session().get(url, timeout=TIMEOUT, allow_redirects=False, verify=True, stream=True)


def never_left(error: requests.RequestException) -> bool:
    """Is it certain that no byte of the request reached the other side?"""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(error, requests.exceptions.SSLError):
        return isinstance(cause, MaxRetryError)  # the handshake failed; a broken stream later is not a MaxRetryError
    return isinstance(reason, (NewConnectionError, NameResolutionError))


def _call(method: str, url: str, *, token: str, is_send: bool = False, **kwargs: Any) -> tuple[dict[str, Any], str]:
    """JSON object and trace id of an accepted request; else one of the three failures."""
    if not token:  # let go of: not even a question goes to Meta
        raise PermanentFailure(errors.NUMBER_DISCONNECTED)
    try:
        response = request(method, url, token=token, **kwargs)
    except requests.RequestException as error:
        if is_send and not never_left(error):
            raise OutcomeUnknown(type(error).__name__) from error
        raise TemporaryFailure(errors.NOT_REACHED, type(error).__name__) from error
    trace = response.headers.get("x-fb-trace-id", "")[:120]
    body = answers.parsed(response)
    if 200 <= response.status_code < 300:
        if isinstance(body, dict) and not isinstance(body.get("error"), dict):
            return body, trace
        if not isinstance(body, dict):
            raise answers.no_word_of_meta(response, is_send, trace)
    raise answers.problem(response, body, is_send, trace)


class GraphCaller:
    """Where the Graph API lives and which token opens it."""

    def __init__(self, account: BusinessAccount) -> None:
        # A row that was just made still holds the plain text it was made with.
        token = account.access_token
        secret = None
        if settings.GRAPH_APPSECRET_PROOF:
            secret = account.meta_app.secrets.order_by("-created_at", "-pk").first()
        plain = token.reveal() if isinstance(token, Secret) else str(token)
        self.use(plain, secret.secret.reveal() if secret is not None else "")

    def use(self, token: str, app_secret: str) -> None:
        """Call with this token; signed where the installation says that its app demands it."""
        self._token = token
        self._root = f"{settings.GRAPH_BASE_URL}/{settings.GRAPH_VERSION}"
        signed = settings.GRAPH_APPSECRET_PROOF and app_secret
        self._proof = {"appsecret_proof": app_secret_proof(token, app_secret)} if signed else {}

    @property
    def token(self) -> Secret:
        """The token it calls with, to tell whether an answer belongs to one that has been replaced since."""
        return Secret(self._token)

    def _get(self, path: str, **params: str) -> dict[str, Any]:
        params = {**params, **self._proof}
        return _call("GET", f"{self._root}/{path}", token=self._token, params=params or None)[0]

    def _post(self, path: str, **kwargs: Any) -> tuple[dict[str, Any], str]:
        return self._send("POST", path, **kwargs)

    def _send(
        self, method: str, path: str, *, query: dict[str, str] | None = None, **kwargs: Any
    ) -> tuple[dict[str, Any], str]:
        params = {**(query or {}), **self._proof}
        return _call(method, f"{self._root}/{path}", token=self._token, params=params or None, **kwargs)


class CloudAPI(GraphCaller):
    """What one of our numbers can do. Safe to share between threads; reads the token once."""

    def __init__(self, phone_number: PhoneNumber) -> None:
        super().__init__(phone_number.business_account)
        self._number = phone_number.phone_number_id

    def send(self, payload: Mapping[str, Any]) -> SendResult:
        """Hand a message to Meta. Raises TemporaryFailure, PermanentFailure or OutcomeUnknown."""
        body, trace = self._post(f"{self._number}/messages", json=payload, is_send=True)
        message = _first(body.get("messages"))
        wamid = message.get("id")
        if not isinstance(wamid, str) or not wamid:
            raise OutcomeUnknown("2xx without a message id")
        contact = _first(body.get("contacts"))
        return SendResult(
            wamid=wamid[:300], message_status=str(message.get("message_status") or ""),
            wa_id=str(contact.get("wa_id") or ""), user_id=str(contact.get("user_id") or ""), trace_id=trace,
        )

    def mark_read(self, wamid: str, typing: bool = False) -> None:
        """Blue ticks for this and all earlier messages of the customer; with `typing` also the writing indicator."""
        payload: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
        if typing:
            payload["typing_indicator"] = {"type": "text"}
        self._post(f"{self._number}/messages", json=payload)

    def block_user(self, user: Mapping[str, str], *, block: bool) -> None:
        """Keep this customer ({"user": "+49…"} or {"user_id": …}) from the number, or no longer."""
        payload = {"messaging_product": "whatsapp", "block_users": [dict(user)]}
        body, _trace = self._send("POST" if block else "DELETE", f"{self._number}/block_users", json=payload)
        if _object(body.get("block_users")).get("failed_users"):
            raise PermanentFailure(errors.BLOCK_FAILED, "a refused user in an accepted answer")

    def upload_media(
        self, file: IO[bytes], mime: str, name: str, *, progress: Callable[[], None] | None = None
    ) -> str:
        """Meta's id of a file, good for 30 days. `progress` is called as the bytes leave; what it raises ends it."""
        fields = {"messaging_product": "whatsapp", "type": mime}
        form = Multipart(fields, file, name=name, mime=mime, progress=progress)
        body, _trace = self._post(
            f"{self._number}/media", timeout=UPLOAD_TIMEOUT, data=form, headers={"Content-Type": form.content_type}
        )
        if not body.get("id"):
            raise TemporaryFailure(errors.STRANGE_ANSWER, "upload without an id")
        return str(body["id"])

    def media_info(self, media_id: str) -> dict[str, Any]:
        """`url` (five minutes), `mime_type`, `sha256`, `file_size` of a received file."""
        return self._get(media_id, phone_number_id=self._number)

    def download(self, url: str, max_bytes: int) -> Iterator[bytes]:
        """The bytes behind a media url in chunks. PermanentFailure once more than `max_bytes` come."""
        response = self._open(url)
        received = 0
        try:
            for chunk in response.iter_content(CHUNK):
                received += len(chunk)
                if received > max_bytes:
                    raise PermanentFailure(131052, f"more than {max_bytes} bytes")
                yield chunk
        except requests.RequestException as error:
            raise TemporaryFailure(errors.NOT_REACHED, type(error).__name__) from error
        finally:
            response.close()

    def _open(self, url: str) -> requests.Response:
        """Follow redirects by hand, so that each hop is checked before the token goes there."""
        for _hop in range(MAX_REDIRECTS + 1):
            try:
                response = request("GET", url, token=self._token, stream=True)
            except requests.RequestException as error:
                raise TemporaryFailure(errors.NOT_REACHED, type(error).__name__) from error
            if response.status_code in (301, 302, 303, 307, 308) and response.headers.get("location"):
                url = urljoin(url, response.headers["location"])
                response.close()
                continue
            if response.status_code == 200:
                return response
            problem = answers.problem(response, answers.parsed(response), False, "")
            response.close()
            raise problem
        raise PermanentFailure(errors.STRANGE_ANSWER, "too many redirects")


class AccountAPI(GraphCaller):
    """What concerns a whole business account."""

    def __init__(self, business_account: BusinessAccount) -> None:
        super().__init__(business_account)
        self._waba = business_account.waba_id

    def templates(self, page_size: int = 100) -> Iterator[dict[str, Any]]:
        """Every template in Meta's shape, over all pages. Raises in the middle when a page fails."""
        after, seen = "", set[str]()
        while True:
            params = {"fields": TEMPLATE_FIELDS, "limit": str(page_size), **({"after": after} if after else {})}
            page = self._get(f"{self._waba}/message_templates", **params)
            data = page.get("data")
            if not isinstance(data, list):
                raise TemporaryFailure(errors.STRANGE_ANSWER, "template list without data")
            yield from (item for item in data if isinstance(item, dict))
            paging = _object(page.get("paging"))
            cursors = _object(paging.get("cursors"))
            after = str(cursors.get("after") or "") if paging.get("next") else ""
            if not after:
                return
            if after in seen:
                raise TemporaryFailure(errors.STRANGE_ANSWER, "template list turns in a circle")
            seen.add(after)

    def phone_number(self, phone_number_id: str, *, timeout: tuple[float, float] | None = None) -> dict[str, Any]:
        """What Meta says of one of our numbers: display number, name, quality, throughput, status."""
        fields = "id,display_phone_number,verified_name,quality_rating,status,throughput,name_status,platform_type"
        url, params = f"{self._root}/{phone_number_id}", {"fields": fields, **self._proof}
        return _call("GET", url, token=self._token, params=params, timeout=timeout)[0]


def meta_clock(timeout: tuple[float, float] = (3.0, 5.0)) -> datetime | None:
    """What time it is at Meta, if its answer says so; no token travels. TemporaryFailure when nobody answers."""
    try:
        answer = _shared_session().head(f"{settings.GRAPH_BASE_URL}/", timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        raise TemporaryFailure(errors.NOT_REACHED, type(error).__name__) from error
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def app_secret_proof(token: str, secret: str) -> str:
    """Meta's `appsecret_proof` for apps that demand one."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: Any) -> dict[str, Any]:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}
