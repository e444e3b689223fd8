"""What customers of the demo's weeks said after closing: sales asks, the workshop does not (yet)."""

import random
from datetime import datetime, timedelta

from accounts.models import Team
from inbox.models import Case, Satisfaction, SatisfactionSettings
from inbox.satisfaction_rules import ASK_AFTER, BAD, GOOD, SO_SO

SAID = {
    GOOD: ("Sehr nett beraten!", "Ging schnell, danke.", "Jederzeit wieder", "", "", "", ""),
    SO_SO: ("Der Termin wurde verschoben.", "Etwas teuer", "", ""),
    BAD: ("Zu lange auf eine Antwort gewartet.", "Das falsche Teil bestellt", ""),
}


def give_ratings(team: Team) -> None:
    """Ask about each closed case of the team that a customer began; the same every time."""
    draw, asked = random.Random(7), dict[int, datetime]()
    chosen, _created = SatisfactionSettings.objects.get_or_create(workspace_id=team.workspace_id)
    chosen.teams.add(team)
    closed = Case.objects.filter(team=team, opened_by=None, first_replied_at__isnull=False, closed_at__isnull=False)
    rows = []
    for case in closed.order_by("closed_at", "pk"):
        assert case.closed_at is not None
        at, before = case.closed_at + ASK_AFTER, asked.get(case.conversation_id)
        if before is not None and at - before < timedelta(days=chosen.every_days):
            continue
        asked[case.conversation_id] = at
        row = Satisfaction(
            workspace_id=case.workspace_id, conversation_id=case.conversation_id, case=case, team=team, asked_at=at,
            language="de",
        )
        if draw.random() < 0.62:
            row.score = draw.choices((GOOD, SO_SO, BAD), (74, 17, 9))[0]
            row.answered_at = at + timedelta(minutes=draw.randint(1, 90))
            if comment := draw.choice(SAID[row.score]):
                row.comment, row.commented_at = comment, row.answered_at + timedelta(minutes=2)
        rows.append(row)
    Satisfaction.objects.bulk_create(rows)
