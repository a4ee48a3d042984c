"""The conference's part of the live channel: its entities, its commands, and how both are announced."""
