"""Before a conference: what halls measure of themselves, the board of who is ready, checking halls one by one, and
rehearsals as sessions with a record of their own. Reads every feature below; none of them knows it."""
