"""P2: the community's account_credit_control works out who is due.

It is used as a user does, through its models and buttons, and only to be measured.
"""

import time

from . import ledger
from .timing import Figure, Row, counted

PEER = "account_credit_control"


def run_p2(env, runs):
    """Run its computation again and again, each time taken back."""
    seconds, numbers = [], []
    for _number in range(runs):
        run = set_up(env)
        with counted(env) as queries:
            start = time.perf_counter()
            run.generate_credit_lines()
            env.flush_all()
            seconds.append(time.perf_counter() - start)
        numbers += queries
        found = env["credit.control.line"].search_count([])
        env.cr.rollback()
        env.invalidate_all()
        if not found or env["credit.control.line"].search_count([]):
            raise RuntimeError(f"{found} were due, or it has committed")
    figure = Figure(seconds)
    what = f"who is due, by {PEER}: {found} items, {max(numbers)} queries"
    return [Row("P2", what, str(figure), "", "", "≥ 100× P1", figure.median)]


def set_up(env):
    """Return a new run of the policy with most levels, for all customers."""
    policies = env["credit.control.policy"].search([("do_nothing", "=", False)])
    policy = max(policies, key=lambda policy: len(policy.level_ids))
    policy.account_ids = env["account.account"].search(
        [("account_type", "=", "asset_receivable")]
    )
    env.company.credit_policy_id = policy
    run = env["credit.control.run"].create(
        {
            "date": ledger.DAY,
            "policy_ids": [(6, 0, policy.ids)],
            "company_id": env.company.id,
        }
    )
    env.flush_all()
    return run
