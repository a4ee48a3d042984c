"""Attendance of bridge points, derived from a log of check events, never from a flag."""
