"""`python -m app` is the command `vouchergraph`."""

from app.cli import main

main()
