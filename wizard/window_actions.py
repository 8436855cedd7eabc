def get_window_action(window):
    """Return the action that shows a window, as it is now."""
    return {
        "type": "ir.actions.act_window",
        "name": window.env._("Send and Print"),
        "res_model": window._name,
        "res_id": window.id,
        "views": [(False, "form")],
        "target": "new",
    }


def get_layout_question(window, channels):
    """Return core's question for the layout of documents before the first letter.

    As core asks before its first print: who administers, as long as none is set.
    """
    company = window.company_id.sudo()
    if (
        not {"print", "letter"} & set(channels)
        or company.external_report_layout_id
        or not window.env.user._is_admin()
    ):
        return None
    return window.env["ir.actions.report"]._action_configure_external_report_layout(
        get_window_action(window),
        "account.action_base_document_layout_configurator",
    )
