"""The smallest change of requirement lines after which a source resolves to wheels only, proven by that resolution."""
