"""`python -m app` is the command `vouchergraph`."""

from app.entry import main

main()
