from . import (
    test_companies,
    test_call,
    test_concurrency,
    test_cron,
    test_demo,
    test_hold,
    test_letter,
    test_process,
    test_send,
    test_sms,
)
