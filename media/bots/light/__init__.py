"""Simulated halls as light as can be, many in one process: the real sign-in, live channel and offer, with media from
the load generator (`media/core/loadgen`)."""
