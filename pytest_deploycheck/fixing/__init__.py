"""``--deploycheck-fix``: what would mend the findings, shown as a diff or written."""
