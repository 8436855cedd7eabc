"""Work on many records in one savepoint, and on fewer where that fails."""

import psycopg2


def get_error_text(error):
    """Return an error as one line for the screen."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:500]


def halve(records, _error):
    """Return the two halves of records."""
    half = len(records) // 2
    return [records[:half], records[half:]]


def work_in_parts(records, work, done, failed, split=halve):
    """Do something with records together; on an error with smaller and smaller parts.

    All that was done with a part that fails is undone. So the record is found whose
    error it is: one among a hundred costs seven more tries (promise 3).

    :param work: called with some records, in a savepoint
    :param done: called with them and what ``work`` has returned
    :param failed: called with a single record and its error
    :param split: called with records and their error, returns the parts to try
    :raise psycopg2.OperationalError: another transaction was faster
    """
    if not records:
        return
    try:
        with records.env.cr.savepoint():
            result = work(records)
    except psycopg2.OperationalError:
        raise
    except Exception as error:
        problem = error
    else:
        done(records, result)
        return
    if len(records) == 1:
        failed(records, problem)
        return
    for part in split(records, problem):
        work_in_parts(part, work, done, failed, split)
