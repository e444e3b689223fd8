"""What the child makes of files, good ones and others. Each test starts one."""

from pathlib import Path

import av
import pytest
from PIL import Image

from inbox.media import making
from inbox.media.made import Made, MadeFile
from inbox.media.making import made_of
from inbox.media.recording import WITH_PLAY_BUTTON, bits_for
from tests import media


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


def files(made: Made) -> list[tuple[str, int, int | None, int | None]]:
    return [(file.kind, file.number, file.width, file.height) for file in made.files]


def test_a_large_photo_gets_a_small_one_the_right_way_up(source: Path) -> None:
    source.write_bytes(media.photo((2000, 1500), turned=True))

    with made_of(source, "image/jpeg") as made:
        assert (made.width, made.height) == (1500, 2000)
        assert files(made) == [("preview", 0, 720, 960)]
        assert made.files[0].path.stat().st_size < source.stat().st_size / 4
        with Image.open(made.files[0].path) as picture:
            assert (picture.format, dict(picture.getexif())) == ("WEBP", {})
    assert not made.files[0].path.exists()


def test_a_small_photo_stays_what_it_is(source: Path) -> None:
    source.write_bytes(media.photo((200, 100)))

    with made_of(source, "image/jpeg") as made:
        assert (files(made), made.width, made.height) == ([], 200, 100)


def test_what_moves_gets_a_still(source: Path) -> None:
    source.write_bytes(media.sticker())

    with made_of(source, "image/webp") as made:
        assert (files(made), made.is_animated) == ([("still", 0, 96, 96)], True)
        with Image.open(made.files[0].path) as picture:
            assert picture.mode == "RGBA"


def test_a_film_gets_its_first_picture_and_length(source: Path) -> None:
    source.write_bytes(media.film((1600, 900)))

    with made_of(source, "video/mp4") as made:
        assert (files(made), made.width, made.height) == ([("preview", 0, 720, 405)], 1600, 900)
        assert made.seconds == pytest.approx(2, abs=0.2)


def test_a_voice_note_gets_length_waveform_and_a_copy_for_other_browsers(source: Path) -> None:
    source.write_bytes(media.sound(3))

    with made_of(source, "audio/ogg") as made:
        assert made.seconds == pytest.approx(3, abs=0.1)
        assert made.peaks is not None
        assert len(made.peaks) == 64
        assert max(made.peaks[:30]) < 10
        assert min(made.peaks[34:62]) > 60
        with av.open(str(made.files[0].path)) as copy:
            assert (copy.format.name.split(",")[0], copy.streams.audio[0].codec_context.name) == ("mov", "aac")
            assert copy.duration / av.time_base == pytest.approx(3, abs=0.2)


def test_the_first_pages_of_a_document_become_pictures(source: Path) -> None:
    source.write_bytes(media.pdf(7))

    with made_of(source, "application/pdf") as made:
        assert made.page_count == 7
        assert files(made)[0] == ("page", 1, 1240, 1754)
        assert [(file.kind, file.number) for file in made.files] == [
            ("page", 1), ("preview", 0), ("page", 2), ("page", 3), ("page", 4), ("page", 5)
        ]  # fmt: skip


@pytest.mark.parametrize(("mime", "body"), [
    ("image/jpeg", media.photo((400, 400))[:900]), ("application/pdf", b"%PDF-1.7 nothing"), ("audio/ogg", b"OggS"),
    ("video/mp4", b"\x00\x00\x00\x18ftypisom"), ("image/png", b"\x89PNG\r\n\x1a\n"), ("text/html", b"<script>"),
])
def test_of_what_is_broken_nothing_is_made(source: Path, mime: str, body: bytes) -> None:
    source.write_bytes(body)

    with made_of(source, mime) as made:
        assert made.files == []


def test_a_bomb_is_refused_before_it_is_unpacked(source: Path) -> None:
    Image.new("1", (9000, 9000)).save(source, "PNG")

    with made_of(source, "image/png") as made:
        assert made == Made()


def test_a_page_as_large_as_a_field_is_drawn_small(source: Path) -> None:
    source.write_bytes(media.pdf(1, (14_000, 14_000)))

    with made_of(source, "application/pdf") as made:
        assert files(made)[0] == ("page", 1, 1240, 1240)


def test_a_play_list_opens_no_other_file(source: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.ogg").write_bytes(media.sound(1))
    source.write_text(f"#EXTM3U\n#EXTINF:1,\n{tmp_path / 'secret.ogg'}\n")

    with made_of(source, "audio/mpeg") as made:
        assert made.files == []
        assert not made.seconds


def test_the_child_knows_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "ours")
    seen = {}
    real = making.subprocess.run
    monkeypatch.setattr(making.subprocess, "run", lambda *a, **k: (seen.update(k["env"]), real(*a, **k))[1])
    source.write_bytes(media.photo((10, 10)))

    with made_of(source, "image/jpeg") as made:
        assert made.width == 10
    assert "ours" not in seen.values()
    assert "DATABASE_URL" not in seen


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    monkeypatch.setattr(making, "SECONDS", 0.01)
    source.write_bytes(media.photo((10, 10)))

    with made_of(source, "image/jpeg") as made:
        assert made == Made()


@pytest.mark.parametrize("said", [
    b'{"files": [{"kind": "preview", "path": "../../etc/passwd"}]}', b'{"files": [{"kind": "page", "path": "x"}]}',
    b'{"files": [{"kind": "html", "path": "preview.webp"}]}', b"[]",
])
def test_an_answer_that_names_other_files_is_not_believed(tmp_path: Path, said: bytes) -> None:
    (tmp_path / "preview.webp").write_bytes(b"x")

    with pytest.raises((ValueError, KeyError)):
        Made.from_json(said, tmp_path)


def test_an_answer_is_cut_to_what_may_be(tmp_path: Path) -> None:
    (tmp_path / "preview.webp").write_bytes(b"x")
    said = b'{"files": [{"kind": "preview", "path": "/etc/preview.webp"}], "peaks": [-5, 900], "seconds": 1e99}'

    made = Made.from_json(said, tmp_path)

    assert made.files == [MadeFile("preview", tmp_path / "preview.webp")]
    assert (made.peaks, made.seconds) == ([0, 100], 1e6)


# --- recordings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "codec", "layout", "mime"), [
    ("webm", "libopus", "mono", "audio/webm"), ("webm", "libopus", "stereo", "audio/webm"),
    ("ogg", "libopus", "mono", "audio/ogg"), ("mp4", "aac", "mono", "audio/mp4"),
])
def test_any_browsers_recording_becomes_a_voice_message(
    source: Path, form: str, codec: str, layout: str, mime: str
) -> None:
    source.write_bytes(media.sound(2, form, codec, layout))

    with made_of(source, mime, "voice") as made:
        path = made.files[0].path
        assert path.read_bytes().startswith(b"OggS")
        with av.open(str(path)) as voice:
            stream = voice.streams.audio[0]
            assert (stream.codec_context.name, stream.codec_context.channels) == ("opus", 1)
            heard = sum(frame.samples for frame in voice.decode(audio=0)) / stream.codec_context.sample_rate
        assert heard == pytest.approx(2, abs=0.15)
        assert made.seconds == pytest.approx(2, abs=0.15)
        assert made.peaks is not None
        assert max(made.peaks[:28]) < min(made.peaks[36:60])


def test_silence_without_length_is_no_voice_message(source: Path) -> None:
    source.write_bytes(b"\x1a\x45\xdf\xa3")

    with made_of(source, "audio/webm", "voice") as made:
        assert made.files == []


@pytest.mark.parametrize(("seconds", "bits"), [(5, 32_000), (120, 31_457), (180, 20_971), (3600, 12_000)])
def test_quality_gives_way_so_that_the_customer_can_press_play(seconds: int, bits: int) -> None:
    assert bits_for(seconds) == bits
    if bits > 12_000:
        assert bits_for(seconds) / 8 * seconds < WITH_PLAY_BUTTON
