"""What pip would pick on a machine it is not on. Knows nothing of pytest or of Render."""
