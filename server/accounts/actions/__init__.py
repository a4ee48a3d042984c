"""All writes of accounts: sessions, sign-in, links, people."""
