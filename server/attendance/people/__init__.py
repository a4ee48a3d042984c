"""Attendance of people: a log of who came, went, or is on leave; states, totals and reports are derived from it.

`standing` says what a log means, `turnout` counts in SQL what it says, `taking` and `gatherer` write entries, many in
one commit; `hall` is the rest of the hall secretary's work."""
