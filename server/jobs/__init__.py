"""Work that outlives a request: rows written in the transaction that asks for it, taken by workers of the same process.

Own and small rather than a queue library: a job is enqueued in the caller's transaction (nothing to forget, nothing to
send twice), on SQLite and PostgreSQL alike, and needs no second database.
"""
