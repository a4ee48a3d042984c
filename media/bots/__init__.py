"""Bots: aiortc peers in processes of their own, which join as any browser does. `halls` simulates bridge points."""
