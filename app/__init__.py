"""Starts the program: settings, authentication, HTTP server, worker loop, CLI."""
