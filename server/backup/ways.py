"""What the command line does with backups."""

from pyrage import x25519

from server.backup.checking import list_backups, verify
from server.backup.keys import SETTINGS
from server.backup.making import make
from server.backup.restoring import Schema, restore

new_identity = x25519.Identity.generate

__all__ = ["SETTINGS", "Schema", "list_backups", "make", "new_identity", "restore", "verify"]
