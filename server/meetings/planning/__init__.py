"""What makes planning quick: templates of meetings, groups of points, series of meetings; all kept by a unit."""
