"""Who works here: the business (Workspace), its people (Agent), their teams and hours, and how they came in."""

from accounts.models.agent import Agent, Availability, Duty, Role, Visibility
from accounts.models.audit import AuditEntry
from accounts.models.invitation import Invitation
from accounts.models.schedule import HoursException, WorkingHours
from accounts.models.skill import Skill
from accounts.models.team import Membership, RoutingStrategy, Team
from accounts.models.throttle import LoginThrottle
from accounts.models.workspace import Workspace

__all__ = [
    "Agent",
    "AuditEntry",
    "Availability",
    "Duty",
    "HoursException",
    "Invitation",
    "LoginThrottle",
    "Membership",
    "Role",
    "RoutingStrategy",
    "Skill",
    "Team",
    "Visibility",
    "WorkingHours",
    "Workspace",
]
