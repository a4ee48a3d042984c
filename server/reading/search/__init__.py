"""Search over every paper that the actor may read: titles, numbers, and the text of pages, without diacritics."""
