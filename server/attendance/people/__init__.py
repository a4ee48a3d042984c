"""Attendance of people: a log of who came, went, or is on leave; states, totals and reports are derived from it.

`status` says what a log means, `totals` counts in SQL what it says, `check_in` and `group_commit` write entries, many
in one commit; `hall` is the rest of the hall secretary's work."""
