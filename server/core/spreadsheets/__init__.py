"""Sheets of rows: written for people to read, read in a process of its own with limits."""
