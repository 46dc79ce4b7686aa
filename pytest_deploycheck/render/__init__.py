"""Render: its blueprint and its platform, without pytest and without indexes."""
