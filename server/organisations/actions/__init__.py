"""All writes of organisations. Everything here needs the administrator's role over the unit concerned."""
