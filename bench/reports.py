"""How long the reports take among a year of figures, over HTTP.

The figures of what bench.generate has made are put together by set-based SQL, as the roll-up would leave them: working
off a million marks one conversation at a time is not what is measured here.
"""

import asyncio

from bench.load import Latencies, page_times

COUNTED = (
    "received", "replies", "automatic", "answered", "templates", "templates_delivered", "templates_read",
    "templates_answered", "templates_failed", "marketing", "utility", "authentication", "service", "other",
    "marketing_cost", "utility_cost", "authentication_cost", "service_cost", "other_cost", "unpriced",
)  # fmt: skip
_MEANT = {"received": "direction = 'in'", **dict.fromkeys(("replies", "answered", "service"), "direction = 'out'")}
_COUNTS = ", ".join(f"count(*) FILTER (WHERE {_MEANT[name]})" if name in _MEANT else "0" for name in COUNTED)
_NAMES = ", ".join(COUNTED)

FIGURES = [
    (
        "labels",
        """
        INSERT INTO inbox_conversation_labels (conversation_id, label_id)
        SELECT v.id, (SELECT min(id) FROM inbox_label WHERE workspace_id = %(ws)s)
        FROM inbox_conversation v JOIN inbox_contact c ON c.id = v.contact_id
        WHERE v.workspace_id = %(ws)s AND c.name_key LIKE 'bench kunde %%' AND v.id %% 5 = 0
        ON CONFLICT DO NOTHING
        """,
    ),
    (
        "figures of conversations",
        f"""
        INSERT INTO inbox_reportcell (workspace_id, conversation_id, case_id, phone_number_id, team_id, slot, {_NAMES})
        SELECT m.workspace_id, m.conversation_id, m.case_id, m.phone_number_id, k.team_id,
               date_bin('15 minutes', m.occurred_at, timestamptz '2000-01-01 00:00+00'), {_COUNTS}
        FROM inbox_message m JOIN inbox_case k ON k.id = m.case_id
        WHERE m.workspace_id = %(ws)s AND m.wamid LIKE 'wamid.bench.%%'
          AND NOT EXISTS (SELECT 1 FROM inbox_casefigures f WHERE f.case_id = k.id)
        GROUP BY 1, 2, 3, 4, 5, 6
        """,  # noqa: S608 - our own words
    ),
    (
        "figures of teams",
        f"""
        WITH gone AS (DELETE FROM inbox_reportslot WHERE workspace_id = %(ws)s)
        INSERT INTO inbox_reportslot (workspace_id, phone_number_id, team_id, slot, {_NAMES})
        SELECT workspace_id, phone_number_id, team_id, slot, {", ".join(f"sum({name})" for name in COUNTED)}
        FROM inbox_reportcell WHERE workspace_id = %(ws)s GROUP BY 1, 2, 3, 4
        """,  # noqa: S608 - our own words
    ),
    (
        "figures of cases",
        """
        INSERT INTO inbox_casefigures (case_id, workspace_id, conversation_id, phone_number_id, team_id, is_again,
            is_asked, opened_at, replied_at, closed_at, reply_seconds, reply_open_seconds, close_seconds,
            close_open_seconds, target_minutes, due_at)
        SELECT k.id, k.workspace_id, k.conversation_id, v.phone_number_id, k.team_id, false, true, k.opened_at,
               k.opened_at + (k.id * 7919 %% 7200) * interval '1 second', k.closed_at, k.id * 7919 %% 7200,
               k.id * 7919 %% 5000, extract(epoch FROM k.closed_at - k.opened_at)::int,
               extract(epoch FROM k.closed_at - k.opened_at)::int / 3, 30, k.opened_at + interval '30 minutes'
        FROM inbox_case k JOIN inbox_conversation v ON v.id = k.conversation_id
             JOIN inbox_contact c ON c.id = v.contact_id
        WHERE k.workspace_id = %(ws)s AND c.name_key LIKE 'bench kunde %%'
        ON CONFLICT DO NOTHING
        """,
    ),
]


def measure(port: int) -> dict[str, Latencies]:
    """The page as an admin opens it, with its usual filters, and the conversations behind a figure."""
    from accounts.models import Agent
    from bench.stack import session_of
    from inbox.models import Label

    cookie = session_of(Agent.objects.get(email="admin@radhaus.example"))
    label = Label.objects.order_by("pk")[0].pk
    paths = {
        "reports, 30 days": "/reports/?period=30",
        "reports, 90 days": "/reports/?period=90",
        "reports, 30 days, one label": f"/reports/?period=30&label={label}",
        "conversations behind a figure": "/reports/conversations/?figure=received&period=30",
    }
    return {name: asyncio.run(page_times(port, path, cookie, {}, 30)) for name, path in paths.items()}
