"""Compiled execution: plans for the documents that come again, graphql-core for all else."""

from app.telemetry import NOT_COMPILED
from execution import EXTENSION, Attribute, Call, Plans, Reason, executing
from schema import Schema
from schema.plain import plain_attributes, plain_functions

SIGHTS = 2  # what never comes again is not worth a plan


def compile_documents(schema: Schema) -> None:
    """Have the schema's queries executed by plans; what has none is counted by its reason."""
    core = schema.core
    for field, name in plain_attributes(core):
        field.extensions[EXTENSION] = Attribute(name)
    for field, function in plain_functions(core):
        field.extensions[EXTENSION] = Call(function)
    schema.executed_by = executing(Plans(core, on_fallback=_count, sights=SIGHTS))


def _count(reason: Reason) -> None:
    NOT_COMPILED.labels(reason.name.lower()).inc()
