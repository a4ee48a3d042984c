"""Text messages: how long one is, which numbers it reaches, and the way out (a gateway over HTTP, else a file). Called
by features that send; written in the transaction that causes them, carried out by a job."""
