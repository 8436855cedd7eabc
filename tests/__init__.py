from . import (
    test_call,
    test_companies,
    test_concurrency,
    test_cron,
    test_demo,
    test_hold,
    test_letter,
    test_process,
    test_send,
    test_sms,
    test_tours,
    test_views,
)
