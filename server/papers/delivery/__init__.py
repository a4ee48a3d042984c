"""How papers go out: text and pictures of pages, files, and copies that bear their reader's name."""
