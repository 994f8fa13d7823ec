"""The programs of docs/examples, each run as a partner would, against a running sandbox."""
