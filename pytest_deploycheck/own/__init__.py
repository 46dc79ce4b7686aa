"""What users write of their own: markers, checks and hooks, and what their tests are given."""
