def post_init_hook(env):
    """Give every company that exists already the levels to start with (A1)."""
    companies = env["res.company"].search([("parent_id", "=", False)])
    env["account.followup.level"]._create_default_levels(companies)
