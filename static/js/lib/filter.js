// Whether a conversation belongs into a list, and where: inbox/filters.py for a page that hears of a change. Pure.
//   isIn({view: "all", team: "3", window: "soon", …}, facts of an event, my id, now)
//   placeOf(the row's data, sort, now) gives what isBefore compares

const HOUR = 3_600_000;
const DAYS = { day: 1, week: 7, month: 30 };
const LEFT = { open: Infinity, soon: 4 * HOUR, urgent: HOUR - 1 };

export function isIn(wanted, facts, me, now) {
  return isInView(wanted.view, facts, me) && isNarrowedTo(wanted, facts, me, now);
}

function isInView(view, facts, me) {
  if (view === "mentions") return facts.mentioned.includes(me);
  if (view === "following") return facts.followers.includes(me);
  if (view === "closed" || view === "snoozed") return facts.status === view;
  if (facts.status !== "open") return false;
  if (view === "mine") return facts.assignee === me;
  return view === "unassigned" ? facts.assignee === null : true;
}

function isNarrowedTo({ team, label, number, window, waiting, assignee, language, since }, facts, me, now) {
  if (team && Number(team) !== facts.team) return false;
  if (label && !facts.labels.includes(Number(label))) return false;
  if (number && Number(number) !== facts.number) return false;
  if (waiting && !facts.needs_answer) return false;
  if (language && language !== facts.language) return false;
  if (assignee && facts.assignee !== (assignee === "me" ? me : assignee === "none" ? null : Number(assignee))) return false;
  if (since && facts.last_message_at < now - DAYS[since] * 24 * HOUR) return false;
  if (!window) return true;
  const left = (facts.closes_at ?? 0) - now;
  return window === "closed" ? left <= 0 : left > 0 && left <= LEFT[window];
}

// Who waits, or whose window is open, stands first by that; the others after them, newest first.
export function placeOf({ at, waiting, windowUntil, conversation }, sort, now) {
  const id = Number(conversation);
  if (sort === "waiting" && waiting) return [0, Number(waiting), id];
  if (sort === "closing" && Number(windowUntil) > now) return [0, Number(windowUntil), id];
  return [1, -Number(at), -id];
}

export function isBefore(one, other) {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at >= 0 && one[at] < other[at];
}
