"""Errors as clients see them: a code, bounded words, and nothing of a fault of ours."""

import pytest
from graphql import GraphQLError, GraphQLSyntaxError, Source
from structlog.testing import capture_logs

from app.errors import MAX_MESSAGE, before_execution, presented
from db.pool import DatabaseUnavailable
from domain.problems import Problem, ProblemCode, Refused, invalid

CANARY = "canary-4111-1111"


def raised(error: Exception) -> GraphQLError:
    """The error as the execution hands it over: with a path and a traceback."""
    try:
        raise error
    except type(error) as caught:
        return GraphQLError(str(caught), path=["order", "code"], original_error=caught)


@pytest.mark.parametrize("error", [ValueError(CANARY), KeyError(CANARY), RuntimeError(CANARY)])
def test_a_fault_says_internal_and_its_request_only(error: Exception) -> None:
    with capture_logs() as logs:
        shown = presented(raised(error), "request-1")
    assert shown["message"] == "Internal error"
    assert shown["extensions"] == {"code": "INTERNAL", "requestId": "request-1"}
    assert shown["path"] == ["order", "code"]
    assert CANARY not in str(shown) + str(logs)
    assert logs[0]["error"] == type(error).__name__
    assert logs[0]["at"][-1].startswith("tests/app/test_errors.py:")


def test_a_broken_promise_of_the_schema_is_a_fault_too() -> None:
    error = GraphQLError("Cannot return null for non-nullable field Order.id.", path=["order"])
    assert presented(error, None)["extensions"] == {"code": "INTERNAL"}


def test_a_lost_database_is_a_moment_not_a_fault() -> None:
    shown = presented(raised(DatabaseUnavailable(CANARY)), None)
    assert shown["extensions"] == {"code": "UNAVAILABLE"}
    assert CANARY not in str(shown)


def test_a_refusal_keeps_its_words_code_and_argument() -> None:
    shown = presented(raised(invalid("first must be 1 to 100", "first")), None)
    assert shown["message"] == "first must be 1 to 100"
    assert shown["extensions"] == {"code": "INVALID_INPUT", "argument": "first"}
    limited = Refused(Problem(ProblemCode.RATE_LIMITED, "too many", retry_after_ms=1500))
    assert presented(raised(limited), None)["extensions"]["retryAfterMs"] == 1500


def test_an_error_with_a_code_is_shown_as_it_is() -> None:
    error = GraphQLError("no", path=["voucher"], extensions={"code": "FORBIDDEN"})
    assert presented(error, None)["extensions"] == {"code": "FORBIDDEN"}


def test_what_the_client_sent_wrong_gets_a_code_by_where_it_was_found() -> None:
    syntax = GraphQLSyntaxError(Source("{"), 1, "Expected Name, found <EOF>.")
    assert presented(syntax, None, executed=False)["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    unknown = GraphQLError("Cannot query field 'x' on type 'Query'.")
    shown = presented(unknown, None, executed=False)
    assert shown["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    several = GraphQLError("OneOf Input Object 'OrderLookup' must specify exactly one key.")
    assert presented(several, None)["extensions"]["code"] == "INVALID_INPUT"
    variable = GraphQLError("Variable '$a' has invalid value: x")
    assert presented(variable, None)["extensions"]["code"] == "INVALID_INPUT"


def test_a_megabyte_is_not_echoed_and_a_lone_surrogate_not_sent() -> None:
    long = GraphQLError("Variable '$a' has invalid value: " + "x" * 1_000_000)
    assert len(presented(long, None)["message"]) <= MAX_MESSAGE
    odd = GraphQLError("Variable '$a' has invalid value: \ud800")
    presented(odd, None)["message"].encode()


def test_a_request_error_has_no_data_and_no_path() -> None:
    assert before_execution([GraphQLError("x")], None)
    assert not before_execution([GraphQLError("x", path=["a"])], None)
    assert not before_execution([GraphQLError("x")], {"a": None})
    assert not before_execution(None, None)
