"""A province to look at: Lâm Đồng with its bridge points, invented people in every role, and a conference in progress.

Units bear their real names as they were until 2024. Every person and phone number is invented."""
