"""How much of a stranger's table is read. A leaf that the child process shares."""

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 10_000
MOST_COLUMNS = 60
LONGEST_CELL = 4000
ANSWER_BYTES = 64 * 1024 * 1024
