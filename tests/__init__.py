from . import (
    test_concurrency,
    test_cron,
    test_send,
)
