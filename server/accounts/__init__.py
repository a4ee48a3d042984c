"""People, their roles by unit, sign-in (password or personal link) and revocable sessions."""
