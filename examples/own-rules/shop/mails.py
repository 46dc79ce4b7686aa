"""Sends mails, in a project that is none but an example."""
