"""Who is asked to a meeting and how they get in: the lists of delegates, personal links, the meeting's QR code, and
requests of strangers. The rows of membership themselves (`meetings.models.Delegate`) belong to meetings, whose rights
follow from them."""
