"""What makes planning quick: templates of meetings and groups of points, both kept by a unit."""
