"""Units, bridge points and people as spreadsheets: read, looked at row by row, applied as one batch that can be undone,
and given out in the same shape."""
