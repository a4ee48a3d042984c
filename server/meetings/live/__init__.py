"""The meeting's part of the live channel: its entities and its commands."""
