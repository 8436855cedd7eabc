def post_init_hook(env):
    """Give every company that exists already the levels to start with (A1)."""
    companies = env["res.company"].search([("parent_id", "=", False)])
    env["account.followup.level"]._create_default_levels(companies)


def uninstall_hook(env):
    """Let go of the templates, which go before the levels that use them (G4)."""
    env.cr.execute("UPDATE account_followup_level SET mail_template_id = NULL")
