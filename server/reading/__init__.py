"""What readers do with papers: own notes, highlights and ink; what was delivered, opened and seen; search."""
