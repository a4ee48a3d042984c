"""What people have been told of a meeting, and what has changed since."""
