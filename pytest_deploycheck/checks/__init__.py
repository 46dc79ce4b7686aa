"""The checks: one module a family, and the table of them."""
