"""One's meetings in one's own calendar, by a private address that calendars look at by themselves."""
