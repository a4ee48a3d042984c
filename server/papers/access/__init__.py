"""Who may read: the policy as set, what a reader is in the meeting, and the one place that decides."""
