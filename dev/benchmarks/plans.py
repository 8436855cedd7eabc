"""P21: a company with ten plans, against the same company with one."""

from odoo import Command

from .multiply import vacuum
from .timing import Row, counted, measure

#: Of a hundred customers so many are of these countries.
COUNTRIES = {"DE": 40, "FR": 20, "IT": 10, "AT": 5, "CH": 5}
#: And one of so many has one of the two tags, or a plan by hand.
RARE = 50


def make_plans(env):
    """Give customers what rules of plans ask for, and the company nine more plans."""
    countries = give_countries(env)
    tags = give_tags(env)
    plans = env["account.followup.plan"]
    company = env.company
    default = plans.search(
        [("company_id", "=", company.id), ("is_default", "=", True)], limit=1
    )
    term = env["account.payment.term"].search([], limit=1)
    rules = (
        {"category_ids": [Command.set(tags[:1].ids)]},
        {"category_ids": [Command.set(tags[1:].ids)]},
        {"country_ids": [Command.set([countries["FR"]])]},
        {"country_ids": [Command.set([countries["IT"]])]},
        {"country_ids": [Command.set([countries["AT"], countries["CH"]])]},
        {"trust": "bad"},
        {"payment_term_ids": [Command.set(term.ids)]},
        {"customer_type": "person"},
    )
    for number, rule in enumerate(rules):
        default.copy(
            {"name": f"Plan {number}", "is_default": False, "sequence": number, **rule}
        )
    by_hand = plans.create({"name": "By hand", "company_id": company.id})
    env.cr.execute(
        "UPDATE account_followup SET plan_id = %s WHERE partner_id %% %s = 3",
        (by_hand.id, RARE),
    )
    env.flush_all()
    vacuum(env.cr)
    env.invalidate_all()
    return plans.search_count([("company_id", "=", company.id)])


def give_countries(env):
    """Give customers countries, and make a third of them persons; return the ids."""
    ids = {code: env.ref(f"base.{code.lower()}").id for code in COUNTRIES}
    first = 0
    for code, share in COUNTRIES.items():
        env.cr.execute(
            """
            UPDATE res_partner
               SET country_id = %s, is_company = id %% 3 <> 0
             WHERE commercial_partner_id = id AND id %% 100 BETWEEN %s AND %s
            """,
            (ids[code], first, first + share - 1),
        )
        first += share
    return ids


def give_tags(env):
    """Give a few customers one of two tags; return these."""
    tags = env["res.partner.category"].create(
        [{"name": "Authority"}, {"name": "Key account"}]
    )
    for tag, rest in zip(tags, (7, 17), strict=True):
        env.cr.execute(
            """
            INSERT INTO res_partner_res_partner_category_rel (partner_id, category_id)
            SELECT id, %s FROM res_partner
             WHERE commercial_partner_id = id AND id %% %s = %s
            """,
            (tag.id, RARE, rest),
        )
    return tags


def run_p21(env, runs, get_rule, get_page, get_idle):
    """The rule, a page of the work-list and an idle run with ten plans, against one.

    :param get_rule: returns the SQL of P1
    :param get_page: returns the function that reads a page, as P8 does
    :param get_idle: makes all reminded, and returns the function that runs, as P12 does
    """

    def take():
        rule = get_rule(env)
        named = {"P21": lambda: env.execute_query(rule), "P21a": get_page(env)}
        figures = measure(named, runs)
        with counted(env) as queries:
            named["P21a"]()
        return figures, queries[0]

    before, _queries = take()
    count = make_plans(env)
    after, queries = take()
    idle = {"P21b": get_idle(env)}
    after.update(measure(idle, runs))
    plans = env["account.followup.plan"].search([("company_id", "=", env.company.id)])
    plans.filtered(lambda plan: not plan.is_default).active = False
    get_idle(env)  # those whom no plan reminded
    before.update(measure(idle, runs))
    texts = {
        "P21": f"state of all customers, {count} plans",
        "P21a": f"work-list page, {count} plans, {queries} queries",
        "P21b": f"idle scheduled action, {count} plans",
    }
    return [
        Row(
            id_,
            text,
            str(after[id_]),
            str(before[id_]),
            f"{after[id_].median / before[id_].median:.2f}×",
            "≤ 1.2× one plan",
        )
        for id_, text in texts.items()
    ]
