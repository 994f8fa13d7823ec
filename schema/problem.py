"""Problems: refusals as data, with what to do next."""

from domain import problems
from domain.viewers import Scope
from schema.faces import answer, shows
from schema.permissions import needs


@shows(problems.Problem)
class Problem:
    """One refusal: what was wrong, where, and what to do next."""

    code: problems.ProblemCode = answer(description="What was wrong, for programs.")
    message: str = answer(description="What was wrong, for people. Never a secret.")
    path: list[str] | None = answer(description="The argument that was wrong.")
    retry: problems.RetryAdvice = answer(description="What to do next.")
    outcome: problems.Outcome = answer(description="Did anything happen at a provider?")
    retry_after_ms: int | None = answer(description="When to try again, in milliseconds.")
    provider_code: str | None = answer(
        description="The provider's own code.", scopes=needs(Scope.OPERATIONS_READ)
    )
