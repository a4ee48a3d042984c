"""Files that an answer hands out to be kept."""

from fastapi import Response


def attachment(content: bytes, media_type: str, name: str) -> Response:
    """`name`: in ASCII, as the browser saves it (RFC 6266)."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)
