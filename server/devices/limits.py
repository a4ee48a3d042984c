"""How often one address may type a code that is none."""

from server.accounts.attempts import Misses


class CodeLimits(Misses):
    """One per process; a restart forgives."""
