"""Compiled plans for GraphQL documents. Empty until compiled execution exists."""
