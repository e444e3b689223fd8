"""How long customers wait for a first answer at the moment: what "everybody is busy" may promise."""

from datetime import datetime, timedelta

from inbox import statements

LATELY = timedelta(hours=4)
ENOUGH = 3  # answers; fewer say nothing

# Three of four were answered sooner. Who still waits counts with their wait until now, so that a jam shows.
LATE = """
SELECT percentile_cont(0.75) WITHIN GROUP (ORDER BY seconds), count(*) FROM (
    SELECT extract(epoch FROM coalesce(replied_at, %(now)s) - opened_at) AS seconds FROM inbox_casefigures
     WHERE workspace_id = %(workspace)s AND opened_at > %(since)s AND opened_at <= %(now)s AND is_asked
       AND (replied_at IS NOT NULL OR closed_at IS NULL) AND team_id IS NOT DISTINCT FROM %(team)s
     ORDER BY opened_at DESC LIMIT 200) lately
"""


def seconds(workspace_id: int, team_id: int | None, now: datetime) -> float | None:
    """In this team, of those who wrote in the last hours; None when they are too few to say."""
    [(late, count)] = statements.fetch(
        LATE, {"workspace": workspace_id, "team": team_id, "now": now, "since": now - LATELY}
    )
    return float(late) if count >= ENOUGH else None
