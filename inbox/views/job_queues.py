"""Settings: the background queues, their workers, and jobs that failed. For admins, who prove themselves to act."""

import redis
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record_audit
from accounts.permissions import admin_required
from accounts.views.answers import done
from accounts.views.second_factor import fresh_required
from inbox import job_queues
from inbox.job_queues import JobGone

fresh = fresh_required(lambda **_kwargs: reverse("settings-jobs"))


@admin_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    context = {"nav": "settings", "settings_page": "jobs", "shown": job_queues.SHOWN}
    try:
        context |= {"queues": job_queues.queue_states(), "jobs": job_queues.failed_jobs(request.user.workspace)}
    except (redis.RedisError, OSError):
        context["is_away"] = True
    return render(request, "inbox/settings/jobs.html", context)


@admin_required
@require_POST
@fresh
def retry(request: HttpRequest, pk: str) -> HttpResponse:
    """Back into its queue."""
    return _dealt_with(request, pk, job_queues.retry_job, "job.retried", _("“%(job)s” is tried again."))


@admin_required
@require_POST
@fresh
def removal(request: HttpRequest, pk: str) -> HttpResponse:
    """Away with it."""
    return _dealt_with(request, pk, job_queues.discard_job, "job.discarded", _("“%(job)s” is discarded."))


@admin_required
@require_POST
@fresh
def retries(request: HttpRequest) -> HttpResponse:
    """All of them once more."""
    workspace = request.user.workspace
    try:
        count = job_queues.retry_all(workspace)
    except (redis.RedisError, OSError):
        return _away(request)
    if count:
        record_audit(workspace, request.user, "jobs.retried", data={"jobs": count})
    words = ngettext("%(count)s job is tried again.", "%(count)s jobs are tried again.", count)
    done(request, words % {"count": count})
    return redirect("settings-jobs")


def _dealt_with(request: HttpRequest, pk: str, deed: job_queues.Deed, verb: str, words: str) -> HttpResponse:
    workspace = request.user.workspace
    try:
        job = deed(pk, workspace=workspace)
    except JobGone:
        raise Http404
    except (redis.RedisError, OSError):
        return _away(request)
    record_audit(workspace, request.user, verb, job.words, {"number": job.id})
    done(request, words % {"job": job.words})
    return redirect("settings-jobs")


def _away(request: HttpRequest) -> HttpResponse:
    messages.error(request, _("Redis does not answer at the moment; nothing was changed."))
    return redirect("settings-jobs")
