"""Files: up, address, down, and their ends."""

from urllib.parse import parse_qs, urlsplit

from tests.phone_fixture import NUMBER_ID, SECOND_NUMBER_ID, TOKEN, PracticePhone

JPEG = b"\xff\xd8\xff\xe0" + b"bike" * 50
DAY = 86_400


def _upload(phone: PracticePhone, content: bytes = JPEG, mime_type: str = "image/jpeg") -> str:
    response = phone.api(
        "POST", f"{NUMBER_ID}/media", data={"messaging_product": "whatsapp", "type": mime_type},
        files={"file": ("rad.jpg", content, mime_type)},
    )  # fmt: skip
    return response.json().get("id") or str(response.json()["error"]["code"])


def test_what_goes_up_comes_down_unchanged(practice_phone: PracticePhone) -> None:
    media_id = _upload(practice_phone)

    info = practice_phone.api("GET", media_id).json()
    download = practice_phone.http.get(info["url"], headers={"Authorization": f"Bearer {TOKEN}"})

    assert (info["mime_type"], info["file_size"]) == ("image/jpeg", len(JPEG))
    assert download.content == JPEG and download.headers["content-type"] == "image/jpeg"


def test_a_download_needs_the_token_and_an_unaltered_address(practice_phone: PracticePhone) -> None:
    url = practice_phone.api("GET", _upload(practice_phone)).json()["url"]
    expires = parse_qs(urlsplit(url).query)["ext"][0]
    later = url.replace(expires, str(int(expires) + 600))

    assert practice_phone.http.get(url).status_code == 401
    assert practice_phone.http.get(later, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 404


def test_types_sizes_and_contents_are_checked(practice_phone: PracticePhone) -> None:
    assert _upload(practice_phone, b"MZ", "application/x-msdownload") == "100"
    assert _upload(practice_phone, b"GIF89a not a jpeg") == "131053"
    assert _upload(practice_phone, JPEG + b"x" * 5 * 1024 * 1024) == "131053"


def test_uploads_end_after_30_days_and_inbound_files_after_7(practice_phone: PracticePhone) -> None:
    own = _upload(practice_phone)
    inbound = practice_phone.upload("lena", JPEG, "image/jpeg")
    practice_phone.write(type="image", media_id=inbound)

    practice_phone.advance(8 * DAY)
    assert practice_phone.api("GET", own).status_code == 200
    assert practice_phone.api("GET", inbound).json()["error"]["error_subcode"] == 33

    practice_phone.advance(23 * DAY)
    assert practice_phone.api("GET", own).status_code == 400


def test_another_numbers_file_is_not_there(practice_phone: PracticePhone) -> None:
    media_id = _upload(practice_phone)

    assert practice_phone.api("GET", f"{media_id}?phone_number_id={SECOND_NUMBER_ID}").status_code == 400
    assert practice_phone.api("DELETE", f"{media_id}?phone_number_id={NUMBER_ID}").json() == {"success": True}
    assert practice_phone.api("GET", media_id).status_code == 400


def test_a_file_of_the_wrong_kind_fails_after_acceptance(practice_phone: PracticePhone) -> None:
    practice_phone.write()
    media_id = _upload(practice_phone, b"%PDF-1.7", "application/pdf")

    wamid = practice_phone.wamid(type="image", image={"id": media_id})

    assert practice_phone.wait_for(wamid, "failed")["error"] == 131053


def test_a_sample_goes_up_in_pieces_and_gives_a_handle(practice_phone: PracticePhone) -> None:
    started = practice_phone.api("POST", "612345678901234/uploads?file_length=8&file_type=image/jpeg&file_name=a.jpg")
    upload = started.json()["id"].split("?")[0]

    oauth = {"Authorization": "OAuth sandbox-access-token"}  # not Bearer: Meta's oddity
    half = practice_phone.api("POST", upload, data=b"1234", headers={"file_offset": "0", **oauth}).json()
    whole = practice_phone.api("POST", upload, data=b"5678", headers={"file_offset": "4", **oauth}).json()

    assert half["file_offset"] == 4 and whole["h"].startswith("4::")
