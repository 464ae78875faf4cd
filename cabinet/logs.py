"""What is written of requests, without what would let somebody in."""

import logging
import re

# Links of letters, as `accounts` and `receipts` have them: whoever reads the log must not be
# able to use one.
KEY = re.compile(
    r"(/email/(?:confirm|undo)/|/password-reset/|/e-receipt/(?:unsubscribe/)?)(?!sent/)[^\s/'\"]+"
)


class WithoutKeys(logging.Filter):
    """Django tells the whole path of a request that it refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = KEY.sub(r"\1…", record.getMessage()), None
        return True
