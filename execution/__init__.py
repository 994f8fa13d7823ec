"""Compiled execution: plans of GraphQL documents for graphql-core schemas.

A plan is straight-line code for one operation on one schema. It answers what graphql-core answers:
data, errors, their order, the calls of resolvers and the loop turns in which they happen.
"""

from execution.markers import BEGUN, EXTENSION, Attribute, Call, Shows
from execution.planning import Plan
from execution.plans import Plans
from execution.selections import Reason
from execution.serving import executing

__all__ = [
    "BEGUN",
    "EXTENSION",
    "Attribute",
    "Call",
    "Plan",
    "Plans",
    "Reason",
    "Shows",
    "executing",
]
