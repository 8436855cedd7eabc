"""Actions of the web client. Pure functions: no database."""


def get_window(model, name, **context):
    """Return the action that opens a new window of a model on top of the page."""
    return {
        "type": "ir.actions.act_window",
        "name": name,
        "res_model": model,
        "view_mode": "form",
        "views": [(False, "form")],
        "target": "new",
        "context": context,
    }


def get_notice(message, **params):
    """Return the action that shows a notice, with what else it says or does then."""
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {"message": message, **params},
    }
