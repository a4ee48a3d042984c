"""The conference itself: joining, presence of points, floor and stage, layouts, hands, and the media nodes."""
