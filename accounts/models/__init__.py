"""Who works here: the business (Workspace), its people (Agent), their teams and hours, and how they came in."""

from accounts.models.agent import Agent, Availability, Duty, Role, Visibility
from accounts.models.api_token import ApiToken, Scope
from accounts.models.audit import AuditEntry
from accounts.models.factor import FactorKind, RecoveryCode, SecondFactor
from accounts.models.invitation import Invitation
from accounts.models.mail import MailSecurity, MailServer
from accounts.models.schedule import HoursException, WorkingHours
from accounts.models.session import Session
from accounts.models.sign_on import SignOnProvider
from accounts.models.skill import Skill
from accounts.models.team import Membership, RoutingStrategy, Team
from accounts.models.throttle import LoginThrottle
from accounts.models.workspace import SecondFactorRule, SetupCode, Workspace

__all__ = [
    "Agent",
    "ApiToken",
    "AuditEntry",
    "Availability",
    "Duty",
    "FactorKind",
    "HoursException",
    "Invitation",
    "LoginThrottle",
    "MailSecurity",
    "MailServer",
    "Membership",
    "RecoveryCode",
    "Role",
    "RoutingStrategy",
    "SignOnProvider",
    "Skill",
    "Scope",
    "SecondFactor",
    "SecondFactorRule",
    "Session",
    "SetupCode",
    "Team",
    "Visibility",
    "WorkingHours",
    "Workspace",
]
