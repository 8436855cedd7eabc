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
