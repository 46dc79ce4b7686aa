"""Which paths an application answers, by the tables of routes in its code."""
