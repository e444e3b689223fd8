"""How fast replies leave: queued rows in, the times at which the practice phone accepted them out."""

import time
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from whatsapp.models import PhoneNumber


@dataclass
class Sending:
    """Accepted messages of one run."""

    rate: float  # messages a second from the first to the last acceptance
    peak: int  # the most within any second
    accepted: int
    asked: int

    def row(self) -> str:
        return f"{self.rate:.0f}/s, at most {self.peak} within a second ({self.accepted} of {self.asked} accepted)"


QUEUE = """
WITH picked AS (
    SELECT v.id, row_number() OVER (ORDER BY v.id) AS n FROM inbox_conversation v
    JOIN inbox_contact c ON c.id = v.contact_id
    WHERE v.phone_number_id = %(number)s AND c.name_key LIKE 'bench kunde %%' ORDER BY v.id LIMIT %(count)s
), opened AS (
    UPDATE inbox_conversation v SET status = 'open', last_customer_message_at = now() - interval '1 hour',
           closed_at = NULL, seq = seq + 1
    FROM picked WHERE v.id = picked.id RETURNING v.id, v.workspace_id, v.phone_number_id, v.seq
)
INSERT INTO inbox_message (workspace_id, conversation_id, phone_number_id, seq, uid, wamid, direction, via, kind, text,
    data, occurred_at, created_at, quoted_wamid, forwarded, status, error_detail, priority, attempt)
SELECT workspace_id, id, phone_number_id, seq, gen_random_uuid(), '', 'out', 'agent', 'text',
       'Dein Rad ist fertig.', '{}', now(), now(), '', 0, 'queued', '', 0, 0
FROM opened
"""


def measure(count: int, throughput: int, *, seconds: float = 120) -> Sending:
    """Queue `count` replies in as many conversations at a number of that throughput and watch them go."""
    number = PhoneNumber.objects.order_by("id")[0]
    PhoneNumber.objects.filter(pk=number.pk).update(throughput=throughput, slowed_until=None)
    time.sleep(3)  # the sender reads its numbers anew
    started = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, {"number": number.pk, "count": count})
        cursor.execute("SELECT pg_notify('tresen_deliver', '')")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM inbox_message WHERE created_at >= %s AND status IN ('queued', 'sending')",
                [started],
            )
            if cursor.fetchone()[0] == 0:
                break
        time.sleep(0.5)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT extract(epoch FROM a.finished_at) FROM inbox_deliveryattempt a
               JOIN inbox_message m ON m.id = a.message_id
               WHERE m.created_at >= %s AND a.outcome = 'accepted' ORDER BY 1""",
            [started],
        )
        moments = [float(row[0]) for row in cursor.fetchall()]
    return summary(moments, count)


def summary(moments: list[float], asked: int) -> Sending:
    """Rate and peak of sorted Unix times."""
    if len(moments) < 2:
        return Sending(0, len(moments), len(moments), asked)
    peak = max(bisect_right(moments, moment + 1) - index for index, moment in enumerate(moments))
    return Sending((len(moments) - 1) / (moments[-1] - moments[0]), peak, len(moments), asked)
