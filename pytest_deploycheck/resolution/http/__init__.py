"""HTTP as an index needs it: what is asked, by whom, over which connections, and how long it may take."""
