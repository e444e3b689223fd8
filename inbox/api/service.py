"""The API put together, and its addresses."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from ninja import NinjaAPI

from inbox.api import business, contacts, conversations, problems, workflow
from inbox.api.door import needs, through_the_door

api = NinjaAPI(
    title="Tresen", version="1", urls_namespace="api", docs_url=None, openapi_url=None,
    description="Contacts, conversations, messages, templates and consent of a shared WhatsApp inbox.",
    servers=[{"url": settings.BASE_URL}],
)  # fmt: skip
problems.register(api)
for router in (business.router, contacts.router, conversations.router, workflow.router):
    api.add_router("", router)


@api.get("/openapi.json", **needs(), include_in_schema=False, url_name="openapi")
def openapi(request: HttpRequest) -> HttpResponse:
    """This API in OpenAPI 3.1, for programs that make clients of it."""
    from inbox.api.description import document

    return JsonResponse(document())


def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    return problems.answer(404, "not_found")


def _addresses() -> list[URLPattern]:
    found = [each for each in api.urls[0] if isinstance(each, URLPattern) and each.name != "api-root"]
    for each in found:
        each.callback = through_the_door(each.callback)
    return [*found, path("<path:rest>", through_the_door(nothing_here), name="nothing")]


urlpatterns = _addresses()
