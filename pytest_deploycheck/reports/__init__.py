"""What a run found, for machines."""
