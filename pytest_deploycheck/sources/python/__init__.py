"""What Python sources say, read with ``ast`` alone: nothing is run, and what cannot be known is said to be unknown."""
