"""Which failures are worth another try: a busy server is, a missing page or a bad key is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy
from airflow.sdk.definitions.retry_policy import RetryAction, RetryDecision, RetryRule

from trainer.errors import RetryLater, TrainerError

RETRY_DELAY = timedelta(minutes=5)
MAX_DELAY = timedelta(hours=6)


class TrainerRetryPolicy(ExceptionRetryPolicy):  # type: ignore[misc]
    """`RetryLater` waits as long as the server asked; other trainer errors fail at once.

    What is not a trainer error (a lost connection, a full disk) takes the task's own retries.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Return whether to retry after `exception`, and the delay: what the server asked for,
        `MAX_DELAY` at most."""
        if isinstance(exception, RetryLater):
            after = exception.retry_after
            wanted = timedelta(seconds=after) if after else RETRY_DELAY
            return RetryDecision.retry(delay=min(wanted, MAX_DELAY), reason=str(exception))
        return super().evaluate(exception, try_number, max_tries, context)


def retry_policy() -> TrainerRetryPolicy:
    """Return the policy for the tasks of the trainer's DAGs."""
    return TrainerRetryPolicy(
        rules=[
            RetryRule(RetryLater, RetryAction.RETRY, RETRY_DELAY, "the server asked us to wait"),
            RetryRule(TrainerError, RetryAction.FAIL, reason="a retry would meet the same error"),
        ]
    )
