"""Compiled execution: plans for the documents that come again, graphql-core for all else."""

from app.telemetry import NOT_COMPILED
from execution import BEGUN, EXTENSION, Attribute, Call, Plans, Reason, Shows, executing
from schema import Schema
from schema.plain import begun_secrets, plain_attributes, plain_functions, shown_records

SIGHTS = 2  # what never comes again is not worth a plan


def compile_documents(schema: Schema) -> None:
    """Have the schema's queries executed by plans; what has none is counted by its reason."""
    core = schema.core
    for field, name in plain_attributes(core):
        field.extensions[EXTENSION] = Attribute(name)
    for field, function in plain_functions(core):
        field.extensions[EXTENSION] = Call(function)
    for field, awaitable in begun_secrets(core):
        field.extensions[BEGUN] = awaitable
    for kind, classes in shown_records(core):
        kind.extensions[EXTENSION] = Shows(classes)
    schema.executed_by = executing(Plans(core, on_fallback=_count, sights=SIGHTS))


def _count(reason: Reason) -> None:
    NOT_COMPILED.labels(reason.name.lower()).inc()
