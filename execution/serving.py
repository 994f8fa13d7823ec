"""A stand-in for graphql-core's `execute` that takes what has a plan."""

from collections.abc import Awaitable, Callable
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, execute

from execution.plans import Plans
from execution.selections import Reason

# What strawberry hands to `execute`, and what may be asked of a plan.
KNOWN = frozenset({"is_awaitable", "hide_suggestions", "executor_class", "operation_extensions"})
Execute = Callable[..., ExecutionResult | Awaitable[ExecutionResult]]


def executing(plans: Plans, otherwise: Execute = execute) -> Execute:
    """A function with the signature of `execute`, for the schema of `plans`.

    Middleware and resolvers of the caller's own are left to `otherwise`. An executor class of the
    caller's own (and what only that reads: `operation_extensions`) is passed on to it, and is not
    asked where a plan is executed: resolvers get graphql-core's own info.
    """

    def run(
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        middleware: Any = None,
        **given: Any,
    ) -> ExecutionResult | Awaitable[ExecutionResult]:
        plan = None
        wraps = middleware is not None and bool(getattr(middleware, "middlewares", middleware))
        if wraps or schema is not plans.schema or given.keys() - KNOWN:
            plans.on_fallback(Reason.CUSTOM)
        else:
            plan = plans.plan(document, operation_name)
        if plan is None:
            return otherwise(
                schema,
                document,
                root_value=root_value,
                context_value=context_value,
                variable_values=variable_values,
                operation_name=operation_name,
                middleware=middleware,
                **given,
            )
        asked = {
            name: given[name] for name in ("is_awaitable", "hide_suggestions") if name in given
        }
        return plan.execute(root_value, context_value, variable_values, **asked)

    return run
