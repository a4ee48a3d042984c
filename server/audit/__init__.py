"""The audit log: who did what, when, to which thing; every entry carries the hash of the one before. Written by actions
in their own transaction, read by administrators."""
