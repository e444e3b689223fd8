"""Fill a workspace with many conversations and messages by set-based SQL, for measurements.

`generate(conversations=100_000, messages_each=10)` adds to the demo workspace: one contact, one phone identity and one
conversation each, five in a hundred open (half of them assigned), the rest closed, spread over a year. Rows look like
real ones to every query; texts have the frequencies of a language (bench.language), and every tenth names an order.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from accounts.models import Workspace
from bench.language import phrases
from bench.reports import FIGURES
from inbox.search.indexing import VECTOR
from inbox.search.words import forms, words_of
from whatsapp.models import PhoneNumber

PHRASES = 40_000
TRIGGERS = (
    ("inbox_message", "inbox_message_search_new"),
    ("inbox_message", "inbox_message_report_new"),
    ("inbox_case", "inbox_case_report"),
)


def generate(conversations: int = 100_000, messages_each: int = 10, *, progress: bool = False) -> None:
    """Insert the rows and refresh the planner's statistics. Returns when all is committed."""
    workspace = Workspace.objects.filter(is_demo=True).order_by("id").first() or Workspace.objects.order_by("id")[0]
    number = PhoneNumber.objects.filter(workspace=workspace).select_related("business_account").order_by("id")[0]
    values = {
        "ws": workspace.pk,
        "number": number.pk,
        "portfolio": number.portfolio,
        "n": conversations,
        "m": messages_each,
        "phrases": PHRASES,
    }
    make_phrases()
    with no_backlog():
        for name, statement in [*STATEMENTS, *FIGURES]:
            if progress:
                print(f"  generating {name} …", flush=True)
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                cursor.execute("ANALYZE")  # the next statement joins what this one wrote
    count_words(conversations * messages_each, workspace.pk)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # done now, it does not run beside what is measured next


def make_phrases() -> None:
    """A table of half messages with what the search knows of them; made once."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_phrase (id bigint PRIMARY KEY, words text, ts tsvector)")
        cursor.execute("SELECT count(*) FROM bench_phrase")
        if cursor.fetchone()[0]:
            return
        made = phrases(PHRASES)
        written = [[form for word in words_of(phrase) for form in forms(word)] for phrase in made]
        cursor.execute(
            f"INSERT INTO bench_phrase SELECT n - 1, phrase, {VECTOR} FROM unnest(%s::text[], %s::text[], %s::text[])"  # noqa: S608
            " WITH ORDINALITY AS t (phrase, said, forms, n)",
            [made, [" ".join(words_of(phrase)) for phrase in made], [" ".join(each) for each in written]],
        )


def count_words(messages: int, workspace: int) -> None:
    """The vocabulary of so many messages: each phrase is in about as many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inbox_searchword (workspace_id, word, documents)"
            " SELECT %s, lexeme, count(*) * %s FROM bench_phrase, unnest(ts) GROUP BY lexeme"
            " ON CONFLICT (workspace_id, word)"
            " DO UPDATE SET documents = inbox_searchword.documents + excluded.documents",
            [workspace, max(1, 2 * messages // PHRASES)],
        )


@contextmanager
def no_backlog() -> Iterator[None]:
    """Generated messages come with their documents and figures: nobody need make these one by one."""
    with connection.cursor() as cursor:
        for table, trigger in TRIGGERS:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        try:
            yield
        finally:
            for table, trigger in TRIGGERS:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


STATEMENTS = [
    (
        "contacts",
        """
        INSERT INTO inbox_contact (workspace_id, kind, name, profile_name, username, name_key, language, email,
                                   needs_identity_check, created_at, note, fields)
        SELECT %(ws)s, 'person', '', 'Bench Kunde ' || i, '', 'bench kunde ' || i, 'de', '', false,
               now() - interval '1 year', '', '{}'
        FROM generate_series(1, %(n)s) i
        """,
    ),
    (
        "identities",
        """
        INSERT INTO inbox_contactidentity (workspace_id, contact_id, portfolio, kind, value, is_active, created_at)
        SELECT %(ws)s, c.id, %(portfolio)s, 'phone', '49151' || lpad(c.id::text, 8, '0'), true, now()
        FROM inbox_contact c WHERE c.workspace_id = %(ws)s AND c.name_key LIKE 'bench kunde %%'
          AND NOT EXISTS (SELECT 1 FROM inbox_contactidentity x WHERE x.contact_id = c.id)
        """,
    ),
    (
        "conversations",
        """
        WITH people AS (SELECT array_agg(id ORDER BY id) ids FROM accounts_agent
                        WHERE workspace_id = %(ws)s AND role = 'agent'),
             teams AS (SELECT array_agg(id ORDER BY id) ids FROM accounts_team WHERE workspace_id = %(ws)s)
        INSERT INTO inbox_conversation (workspace_id, phone_number_id, contact_id, status, team_id, assignee_id,
            assigned_at, last_customer_message_at, last_message_at, preview, inbound_count, needs_answer, waiting_since,
            closed_at, has_failed_send, seq, version, created_at, later_count)
        SELECT %(ws)s, %(number)s, c.id, CASE WHEN c.id %% 20 = 0 THEN 'open' ELSE 'closed' END,
               teams.ids[1 + c.id %% cardinality(teams.ids)],
               CASE WHEN c.id %% 40 = 0 THEN people.ids[1 + c.id %% cardinality(people.ids)] END,
               CASE WHEN c.id %% 40 = 0 THEN now() END,
               at, at, jsonb_build_object('kind', 'text', 'text', 'Ist mein Rad schon fertig?', 'direction', 'in',
                                          'status', 'received', 'uid', '', 'author_id', null, 'at', at),
               %(m)s / 2, c.id %% 20 = 0, CASE WHEN c.id %% 20 = 0 THEN at END,
               CASE WHEN c.id %% 20 <> 0 THEN at END, false, %(m)s, 1, at - interval '1 day', 0
        FROM inbox_contact c, people, teams,
             LATERAL (SELECT now() - (CASE WHEN c.id %% 20 = 0 THEN interval '36 hours' ELSE interval '1 year' END)
                             * ((c.id * 7919 %% 100000) / 100000.0) AS at) t
        WHERE c.workspace_id = %(ws)s AND c.name_key LIKE 'bench kunde %%'
          AND NOT EXISTS (SELECT 1 FROM inbox_conversation x WHERE x.contact_id = c.id)
        """,
    ),
    (
        "cases",
        """
        INSERT INTO inbox_case (workspace_id, conversation_id, team_id, opened_at, closed_at, outcome, message_count,
                                subject)
        SELECT %(ws)s, v.id, v.team_id, v.created_at, v.closed_at, '', %(m)s, 'Ist mein Rad schon fertig?'
        FROM inbox_conversation v JOIN inbox_contact c ON c.id = v.contact_id
        WHERE v.workspace_id = %(ws)s AND c.name_key LIKE 'bench kunde %%'
          AND NOT EXISTS (SELECT 1 FROM inbox_case x WHERE x.conversation_id = v.id)
        """,
    ),
    (
        "messages",
        """
        INSERT INTO inbox_message (workspace_id, conversation_id, phone_number_id, case_id, seq, uid, wamid, direction,
            via, kind, text, data, occurred_at, created_at, author_id, quoted_wamid, forwarded, status, error_detail,
            priority, attempt, sent_at, delivered_at, read_at)
        SELECT %(ws)s, v.id, v.phone_number_id, k.id, s, gen_random_uuid(), 'wamid.bench.' || v.id || '.' || s,
               CASE WHEN s %% 2 = 1 THEN 'in' ELSE 'out' END, CASE WHEN s %% 2 = 1 THEN '' ELSE 'agent' END, 'text',
               one.words || ' ' || other.words
                   || CASE WHEN (v.id + s) %% 10 = 0 THEN ' Auftrag ' || v.id * 10 + s ELSE '' END,
               '{}', v.last_message_at - (%(m)s - s) * interval '7 minutes', now(),
               CASE WHEN s %% 2 = 0 THEN v.assignee_id END, '', 0,
               CASE WHEN s %% 2 = 1 THEN 'received' ELSE 'read' END, '', 0, 1,
               CASE WHEN s %% 2 = 0 THEN v.last_message_at END, CASE WHEN s %% 2 = 0 THEN v.last_message_at END,
               CASE WHEN s %% 2 = 0 THEN v.last_message_at END
        FROM inbox_conversation v JOIN inbox_contact c ON c.id = v.contact_id
             JOIN inbox_case k ON k.conversation_id = v.id CROSS JOIN generate_series(1, %(m)s) s
             JOIN bench_phrase one ON one.id = (v.id * 7919 + s * 104729) %% %(phrases)s
             JOIN bench_phrase other ON other.id = (v.id * 15485863 + s * 32452843) %% %(phrases)s
        WHERE v.workspace_id = %(ws)s AND c.name_key LIKE 'bench kunde %%'
          AND NOT EXISTS (SELECT 1 FROM inbox_message x WHERE x.conversation_id = v.id)
        """,
    ),
    (
        "documents of the search",
        """
        INSERT INTO inbox_searchdocument (workspace_id, conversation_id, kind, message_id, author_id, is_inbound,
                                          occurred_at, words)
        SELECT m.workspace_id, m.conversation_id, 1, m.id, m.author_id, m.direction = 'in', m.occurred_at,
               one.ts || other.ts || CASE WHEN (m.conversation_id + m.seq) %% 10 = 0
                   THEN array_to_tsvector(ARRAY['auftrag', (m.conversation_id * 10 + m.seq)::text]) ELSE '' END
        FROM inbox_message m
             JOIN bench_phrase one ON one.id = (m.conversation_id * 7919 + m.seq * 104729) %% %(phrases)s
             JOIN bench_phrase other ON other.id = (m.conversation_id * 15485863 + m.seq * 32452843) %% %(phrases)s
        WHERE m.wamid LIKE 'wamid.bench.%%'
          -- OFFSET 0: asked by message. Joined to a table that was empty when it was planned, it takes hours.
          AND NOT EXISTS (SELECT 1 FROM inbox_searchdocument d WHERE d.message_id = m.id OFFSET 0)
        """,
    ),
]
