"""The smallest change of requirement lines after which a source resolves to wheels only. Whatever is named was resolved."""
