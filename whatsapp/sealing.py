"""Files that people have given us, on their way into a page."""

from typing import TypeVar

from django.http.response import HttpResponseBase

Answer = TypeVar("Answer", bound=HttpResponseBase)


def seal(answer: Answer, *, is_kept: bool = False) -> Answer:
    """Opened as a page of its own, nothing in it runs. Unless `is_kept`, each look asks anew whether one may."""
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    if not is_kept:
        answer["Cache-Control"] = "private, no-cache"
    return answer
