from . import (
    test_cron,
    test_send,
)
