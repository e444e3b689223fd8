"""A number that Meta knows becomes one of ours."""

from accounts.audit import record_audit
from accounts.models import Agent, Team
from inbox import jobs
from inbox.actions.number_checks import check_number
from inbox.actions.numbers import route_number
from inbox.actions.sending_stops import resume_sending
from whatsapp import connections
from whatsapp.connecting import Report
from whatsapp.connections import Given
from whatsapp.models import PhoneNumber
from whatsapp.rates import load_preset


def connect_number(given: Given, report: Report, *, team: Team, by: Agent, name: str = "") -> PhoneNumber:
    """Keep what was tried and held (`report`): the number receives for `team` and may send; its templates are fetched.

    `name` is what people here call it, if not what Meta does.
    """
    number = connections.store(
        by.workspace, given, verify_token=report.verify_token,
        display_number=connections.digits(report.number.get("display_phone_number")), account=report.account,
        number=report.number, name=name,
    )  # fmt: skip
    load_preset()
    route_number(number, team=team, by=by)
    for where in (number, number.business_account):
        resume_sending(where, by=by)
    record_audit(by.workspace, by, "number.connected", subject=f"+{number.display_number}")
    check_number(number)
    jobs.enqueue(jobs.sync_templates)
    return number
