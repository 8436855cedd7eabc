def post_init_hook(env):
    """Give every company that exists already the levels to start with (A1)."""
    companies = env["res.company"].search([("parent_id", "=", False)])
    env["account.followup.level"]._create_default_levels(companies)


def uninstall_hook(env):
    """Let go of what would hold on to the models, or stay behind them (G4)."""
    # templates go before the levels that use them
    env.cr.execute("UPDATE account_followup_level SET mail_template_id = NULL")
    # filters that people have saved; the name of a model is all they know of it
    filters = env["ir.filters"].with_context(active_test=False)
    filters.search([("model_id", "=like", "account.followup%")]).unlink()
    # parameters that an administrator has set
    parameters = env["ir.config_parameter"]
    parameters.search([("key", "=like", "account_payment_followup.%")]).unlink()
