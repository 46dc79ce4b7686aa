"""What Python sources say, read with ``ast`` alone: nothing is imported or run, and what cannot be known is not known."""
