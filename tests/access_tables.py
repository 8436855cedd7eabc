"""Row G2: who may do what. Read by ``test_access_matrix.py``, see docs/development.md.

Whatever the module adds has a line here, else the tests fail: nothing is open by
oversight. What a table does not grant is refused.
"""

#: User: group.
USERS = {
    "public": None,
    "portal": "base.group_portal",
    "employee": "base.group_user",
    "readonly": "account.group_account_readonly",
    "invoice": "account.group_account_invoice",
    "manager": "account.group_account_manager",
}
ALL = frozenset(USERS)
ACCOUNTANTS = frozenset({"readonly", "invoice", "manager"})
CLERKS = frozenset({"invoice", "manager"})
MANAGERS = frozenset({"manager"})

OPERATIONS = ("read", "write", "create", "unlink")
READ = frozenset({"read"})
WORK = frozenset({"read", "write", "create"})

NOBODY = {}
LOOK = dict.fromkeys(ACCOUNTANTS, READ)
#: A window is also closed to everybody but the user who has opened it.
WINDOW = dict.fromkeys(CLERKS, WORK)

#: Builders of the rows of reports: no records, only methods.
BUILDERS = (
    "account.followup.report",
    "account.followup.report.aged_receivable",
    "account.followup.report.customer_statement",
    "account.followup.report.followup_report",
    "account.followup.report.partner_ledger",
    "account.followup.report.postings",
)

#: Model: {user: operations}, on records of a company of the user. Records of other
#: companies are closed to everybody.
RIGHTS = {
    "account.followup": {**LOOK, **dict.fromkeys(CLERKS, WORK)},
    "account.followup.answer.wizard": WINDOW,
    # written by its window
    "account.followup.alert": NOBODY,
    "account.followup.call": LOOK,
    "account.followup.broken": NOBODY,
    "account.followup.call.wizard": WINDOW,
    **{
        f"account.followup.channel{name}": NOBODY
        for name in ("", ".call", ".email", ".letter", ".print", ".sms")
    },
    "account.followup.calendar": {**LOOK, "manager": frozenset(OPERATIONS)},
    "account.followup.caller": NOBODY,
    "account.followup.chatter": NOBODY,
    "account.followup.content.mixin": NOBODY,
    # trust is changed in the work-list, nothing else can be
    "account.followup.customer": {
        **LOOK,
        **dict.fromkeys(CLERKS, frozenset({"read", "write"})),
    },
    **{
        f"account.followup.customer.{name}": NOBODY
        for name in ("fill", "find", "open", "trust")
    },
    "account.followup.delivery": LOOK,
    "account.followup.demo": NOBODY,
    "account.followup.desk": dict.fromkeys(CLERKS, frozenset({"read", "write"})),
    **{
        f"account.followup.gate{name}": NOBODY
        for name in (
            *("", "s", ".bank", ".calendar", ".cap", ".golive", ".hour_cap"),
            *(".matching", ".pause"),
        )
    },
    "account.followup.history.mixin": NOBODY,
    "account.followup.items.mixin": NOBODY,
    "account.followup.part.mixin": NOBODY,
    "account.followup.pause": NOBODY,
    "account.followup.promise.ledger": NOBODY,
    "account.followup.dispute.part": NOBODY,
    "account.followup.dispute.report": NOBODY,
    "account.followup.instalments": NOBODY,
    "account.followup.dispute.text": NOBODY,
    "account.followup.review": NOBODY,
    "account.followup.ready": NOBODY,
    "account.followup.sweep": NOBODY,
    **{
        f"account.followup.explanation{name}": NOBODY
        for name in ("", ".item", ".message", ".reason")
    },
    "account.followup.digest": NOBODY,
    "account.followup.forecast": NOBODY,
    "account.followup.hold.link": NOBODY,
    "account.followup.hold.wizard": WINDOW,
    "account.followup.item": LOOK,
    "account.followup.letter.note": NOBODY,
    "account.followup.level": {**LOOK, "manager": frozenset(OPERATIONS)},
    "account.followup.manual": NOBODY,
    "account.followup.page": NOBODY,
    # only administrators see that there are some
    "account.followup.page.limit": NOBODY,
    "account.followup.page.link": LOOK,
    "account.followup.plan": {**LOOK, "manager": frozenset(OPERATIONS)},
    "account.followup.plan.choice": NOBODY,
    # of the user who has opened the screen
    "account.followup.planned": LOOK,
    "account.followup.process.wizard": WINDOW,
    "account.followup.process.wizard.line": dict.fromkeys(
        CLERKS, frozenset(OPERATIONS)
    ),
    "account.followup.dispute": {
        **LOOK,
        **dict.fromkeys(CLERKS, frozenset({"read", "write"})),
    },
    "account.followup.dispute.reason": {**LOOK, "manager": frozenset(OPERATIONS)},
    "account.followup.dispute.wizard": WINDOW,
    "account.followup.reject.wizard": WINDOW,
    "account.followup.promise": LOOK,
    "account.followup.promise.wizard": WINDOW,
    "account.followup.promise.wizard.part": dict.fromkeys(
        CLERKS, frozenset(OPERATIONS)
    ),
    "account.followup.reminder": LOOK,
    "account.followup.reminder.line": LOOK,
    **dict.fromkeys(BUILDERS, NOBODY),
    "account.followup.root.mixin": NOBODY,
    # only what one has printed oneself
    "account.followup.printing": dict.fromkeys(CLERKS, READ),
    "account.followup.run": dict.fromkeys(CLERKS, READ),
    "account.followup.run.line": dict.fromkeys(CLERKS, READ),
    "account.followup.run.mixin": NOBODY,
    "account.followup.pay": NOBODY,
    "account.followup.total": NOBODY,
    "account.followup.reason": NOBODY,
    "account.followup.rule": NOBODY,
    "account.followup.send": NOBODY,
    # what that asks: texts, files, recipients
    **{
        f"account.followup.{name}": NOBODY
        for name in (
            "answer",
            "bank",
            "body",
            "channels",
            "claim",
            "clock",
            "copy",
            "default",
            "document",
            "due",
            "letter",
            "link",
            "look",
            "number",
            "outbox",
            "outcome",
            "payer",
            "placeholder",
            "recipients",
            "reply",
            "sample",
            "setting",
            "start",
            "statement.schedule",
            "task",
            "test",
            "text",
            "undo",
            "workdays",
        )
    },
    "account.followup.send.alert": NOBODY,
    "account.followup.send.wizard": WINDOW,
    "account.followup.sent.mixin": NOBODY,
    "report.account_payment_followup.report_customer_list": NOBODY,
    "report.account_payment_followup.report_customer_statement": NOBODY,
    "account.followup.approval": LOOK,
    # only whether somebody is on the list
    "account.followup.approval.line": {**LOOK, "manager": frozenset({"read", "write"})},
    # administrators of settings too, who are none of these users
    "account.followup.start.wizard": {"manager": WORK},
    "account.followup.start.wizard.line": {"manager": READ},
    "account.followup.statement": LOOK,
    "account.followup.statement.alert": NOBODY,
    "account.followup.statement.run": dict.fromkeys(CLERKS, READ),
    "account.followup.statement.wizard": WINDOW,
    # what it is for the whole company, and read from the tables of another add-on
    "account.followup.takeover": {"manager": WORK},
    "account.followup.takeover.act": NOBODY,
    "account.followup.takeover.level": {"manager": frozenset({"read", "write"})},
    "account.followup.takeover.line": {"manager": READ},
    "account.followup.takeover.look": NOBODY,
    **{
        f"account.followup.takeover.source{name}": NOBODY
        for name in (
            "",
            ".credit_control",
            ".csv",
            ".om_followup",
            ".overdue_reminder",
        )
    },
    "account.followup.template.mixin": NOBODY,
    "account.followup.trace": LOOK,
    "account.followup.wizard.mixin": NOBODY,
    "report.account_payment_followup.report_reminder": NOBODY,
}

#: Who may call a public method, as (model, method), on records of their company.
METHODS = {
    ("account.followup.answer.wizard", "action_apply"): CLERKS,
    ("account.followup.call.wizard", "action_log"): CLERKS,
    ("account.followup.customer", "action_explain_followup"): ACCOUNTANTS,
    ("account.followup.customer", "action_hand_over"): CLERKS,
    ("account.followup.customer", "action_hold_followup"): CLERKS,
    ("account.followup.customer", "action_log_followup_call"): CLERKS,
    ("account.followup.customer", "action_open_customer"): ACCOUNTANTS,
    ("account.followup.customer", "action_open_customer_statements"): ACCOUNTANTS,
    ("account.followup.customer", "action_open_desk"): CLERKS,
    ("account.followup.customer", "action_process_all_due"): CLERKS,
    ("account.followup.customer", "action_process_followups"): CLERKS,
    ("account.followup.customer", "action_send_followup"): CLERKS,
    ("account.followup.customer", "action_send_followup_statement"): CLERKS,
    ("account.followup.customer", "get_work_list_numbers"): ACCOUNTANTS,
    ("account.followup.delivery", "action_download"): ACCOUNTANTS,
    ("account.followup.delivery", "action_retry"): CLERKS,
    **{
        ("account.followup.desk", f"action_{method}"): CLERKS
        for method in (
            "answer_followup",
            "dispute_followup",
            "hold_followup",
            "log_followup_call",
            "open_customer",
            "promise_followup",
            "send_followup",
            "skip_until_tomorrow",
        )
    },
    ("account.followup.hold.wizard", "action_apply"): CLERKS,
    ("account.followup.item", "action_explain_followup"): ACCOUNTANTS,
    ("account.followup.item", "action_followup_resume"): CLERKS,
    ("account.followup.item", "action_hold_followup"): CLERKS,
    ("account.followup.item", "action_open_move"): ACCOUNTANTS,
    ("account.followup.item", "action_register_payment"): CLERKS,
    ("account.followup.item", "action_view_invoices"): ACCOUNTANTS,
    ("account.followup.forecast", "action_open_planned"): ACCOUNTANTS,
    ("account.followup.planned", "action_explain_followup"): ACCOUNTANTS,
    ("account.followup.planned", "action_open_customer"): ACCOUNTANTS,
    ("account.followup.process.wizard", "action_process"): CLERKS,
    ("account.followup.customer", "action_dispute_followup"): CLERKS,
    ("account.followup.dispute", "action_accept"): CLERKS,
    ("account.followup.dispute", "action_reject"): CLERKS,
    ("account.followup.dispute", "action_settle"): CLERKS,
    ("account.followup.dispute.wizard", "action_dispute"): CLERKS,
    ("account.followup.reject.wizard", "action_reject"): CLERKS,
    ("account.followup.item", "action_dispute_followup"): CLERKS,
    ("res.partner", "action_dispute_followup"): CLERKS,
    ("res.partner", "action_view_followup_disputes"): ACCOUNTANTS,
    ("account.followup.customer", "action_promise_followup"): CLERKS,
    ("account.followup.item", "action_promise_followup"): CLERKS,
    ("account.followup.promise", "action_cancel"): CLERKS,
    ("account.followup.promise.wizard", "action_promise"): CLERKS,
    ("res.partner", "action_promise_followup"): CLERKS,
    ("res.partner", "action_view_followup_promises"): ACCOUNTANTS,
    ("account.followup.reminder", "action_open_customer"): ACCOUNTANTS,
    ("account.followup.run", "action_open_failed"): CLERKS,
    ("account.followup.run", "action_print_letters"): CLERKS,
    ("account.followup.run", "action_refresh"): CLERKS,
    ("account.followup.run", "action_retry_failed"): CLERKS,
    ("account.followup.run.line", "action_open_customer"): CLERKS,
    ("account.followup.run.mixin", "action_refresh"): frozenset(),
    ("account.followup.level", "action_send_test"): CLERKS,
    ("account.followup.plan", "action_set_default"): frozenset({"manager"}),
    ("account.followup.send.wizard", "action_log_call"): CLERKS,
    ("account.followup.send.wizard", "action_preview_letter"): CLERKS,
    ("account.followup.send.wizard", "action_send"): CLERKS,
    ("account.followup.send.wizard", "action_send_test"): CLERKS,
    ("account.followup.content.mixin", "action_use_template"): frozenset(),
    ("account.followup.send.wizard", "action_send_next"): CLERKS,
    ("account.followup.send.wizard", "action_undo"): CLERKS,
    ("account.followup.send.wizard", "action_use_template"): CLERKS,
    ("account.followup.sent.mixin", "action_open_customer"): frozenset(),
    ("account.followup.approval", "action_approve"): MANAGERS,
    ("account.followup.approval", "action_remind_nobody"): MANAGERS,
    ("account.followup.approval", "action_view_lines"): ACCOUNTANTS,
    ("account.followup.approval.line", "action_open_customer"): ACCOUNTANTS,
    # if it is off, who may change the settings
    ("account.followup.start.wizard", "action_start"): MANAGERS,
    ("account.followup.start.wizard", "action_undo"): MANAGERS,
    ("account.followup.statement", "action_download"): ACCOUNTANTS,
    ("account.followup.statement", "action_open_customer"): ACCOUNTANTS,
    ("account.followup.statement.run", "action_print_statements"): CLERKS,
    ("account.followup.statement.run", "action_refresh"): CLERKS,
    ("account.followup.statement.wizard", "action_send"): CLERKS,
    ("account.followup.statement.wizard", "action_use_template"): CLERKS,
    **{
        ("account.followup.takeover", f"action_{method}"): MANAGERS
        for method in ("look", "take_over", "undo", "view_reminders")
    },
    **{
        (model, method): ACCOUNTANTS
        for model in BUILDERS
        for method in ("get_report", "get_lines")
    },
    ("res.config.settings", "action_end_followup_test_mode"): frozenset(),
    ("account.move", "action_explain_followup"): ACCOUNTANTS,
    ("account.move", "action_followup_resume"): CLERKS,
    ("account.move", "action_hold_followup"): CLERKS,
    ("account.move", "action_send_followup"): CLERKS,
    ("account.move.line", "action_followup_resume"): CLERKS,
    ("account.move.line", "action_hold_followup"): CLERKS,
    ("res.partner", "action_anonymize_followups"): frozenset(),  # administrators
    ("res.partner", "action_answer_followup"): CLERKS,
    ("res.partner", "action_edit_followup_settings"): CLERKS,
    ("res.partner", "action_end_followup_pause"): CLERKS,
    ("res.partner", "action_explain_followup"): ACCOUNTANTS,
    ("res.partner", "action_log_followup_call"): CLERKS,
    ("res.partner", "action_open_customer_statement"): ACCOUNTANTS,
    ("res.partner", "action_process_followups"): CLERKS,
    ("res.partner", "action_send_followup"): CLERKS,
    ("res.partner", "action_send_followup_statement"): CLERKS,
    ("res.partner", "action_view_followup_calls"): ACCOUNTANTS,
    ("res.partner", "action_view_followup_items"): ACCOUNTANTS,
    ("res.partner", "action_view_followup_level"): ACCOUNTANTS,
    ("res.partner", "action_view_followup_reminders"): ACCOUNTANTS,
    ("res.partner", "action_view_followup_statements"): ACCOUNTANTS,
    ("res.partner", "action_withdraw_followup_links"): CLERKS,
    ("res.partner", "set_followup_trust"): CLERKS,
}

#: Models without records or whose records companies share: a method shows each company
#: its own part.
SHARED = {"account.followup.forecast", "res.partner", *BUILDERS}
#: Routes that are about records of no company, with the same effect.
SHARED_ROUTES = {
    "/account_payment_followup/report/pdf",
    "/account_payment_followup/report/xlsx",
}

#: Report (name of the template): who gets its page about records of their company.
REPORTS = {
    "account_payment_followup.report_customer_list": frozenset(),  # only our route
    "account_payment_followup.report_customer_statement": ACCOUNTANTS,
    "account_payment_followup.report_reminder": ACCOUNTANTS,
}

#: Report: model of the record that it is tried with.
REPORT_MODELS = {
    "account_payment_followup.report_customer_list": "res.partner",
    "account_payment_followup.report_customer_statement": "res.partner",
    "account_payment_followup.report_reminder": "account.followup.reminder",
}

#: Route, as the controller has it: (address to try, who gets an answer). In the address
#: {res_partner} is the id of the customer, {account_followup_reminder} that of a
#: reminder, and so on for each model of ``AccessCommon.records``.
ROUTES = {
    f"/account_payment_followup/report/{kind}": (
        f"/account_payment_followup/report/{kind}"
        "?options=%7B%22variant%22:%22aged_receivable%22%7D",
        ACCOUNTANTS,
    )
    for kind in ("pdf", "xlsx")
}

#: The debtor page is for whoever has its link, and does nothing by GET.
_PAGE = "/followup/<string:token>"
ROUTES |= {
    "/followup": ("/followup", frozenset()),
    "/followup/back": ("/followup/back", frozenset()),
    # core's, which leads on to the page, or elsewhere
    "/my/invoices/overdue": ("/my/invoices/overdue", frozenset()),
    _PAGE: ("/followup/{token}", ALL),
    f"{_PAGE}/invoice/<int:move_id>": ("/followup/{token}/invoice/{account_move}", ALL),
    f"{_PAGE}/pay": ("/followup/{token}/pay?item={account_move_line}", ALL),
    f"{_PAGE}/answer": ("/followup/{token}/answer?kind=call", frozenset()),
    f"{_PAGE}/renew": ("/followup/{token}/renew", frozenset()),
    f"{_PAGE}/transaction/<string:items>": (
        "/followup/{token}/transaction/{account_move_line}",
        frozenset(),
    ),
}
#: The links of tomorrow's list are signed: nobody who makes one up gets an answer.
_HOLD = "/account_payment_followup/hold"
ROUTES |= {
    f"{_HOLD}/<string:token>{path}": (f"{_HOLD}/made-up{path}", frozenset())
    for path in ("", "/do", "/undo")
}
SHARED_ROUTES |= {route for route in ROUTES if route.startswith("/followup")}

#: What a reminder leaves in models of core: a field with what it says, and who reads it
#: in its company and in others.
#: The message is for whoever may read the customer, whom companies can share; the
#: portal user of the company is one of the debtor's, that of the other one is not.
LEFT_IN_CORE = {
    "mail.message": {
        "field": "body",
        "own": ACCOUNTANTS | {"employee", "portal"},
        "other": ACCOUNTANTS | {"employee"},
    },
    "ir.attachment": {"field": "raw", "own": ACCOUNTANTS, "other": frozenset()},
    "mail.mail": {"field": "body_html", "own": frozenset(), "other": frozenset()},
    "snailmail.letter": {
        "field": "attachment_datas",
        "own": ACCOUNTANTS,
        "other": frozenset(),
    },
}

#: Who sees a menu.
MENUS = {
    "menu_account_followup": ACCOUNTANTS,
    "menu_account_followup_approval": MANAGERS,
    "menu_account_followup_call": ACCOUNTANTS,
    "menu_account_followup_dispute": ACCOUNTANTS,
    "menu_account_followup_forgotten": ACCOUNTANTS,
    "menu_account_followup_dispute_reason": MANAGERS,
    "menu_account_followup_promise": ACCOUNTANTS,
    "menu_account_followup_customer": ACCOUNTANTS,
    "menu_account_followup_level": ACCOUNTANTS,
    "menu_account_followup_plan": ACCOUNTANTS,
    "menu_account_followup_planned": ACCOUNTANTS,
    "menu_account_followup_reminder": ACCOUNTANTS,
    "menu_account_followup_rest": ACCOUNTANTS,
    "menu_account_followup_run": CLERKS,
    "menu_account_followup_statement": ACCOUNTANTS,
    "menu_account_followup_takeover": MANAGERS,
    "menu_account_followup_report_aged": ACCOUNTANTS,
    "menu_account_followup_report_followup": ACCOUNTANTS,
    "menu_account_followup_report_ledger": ACCOUNTANTS,
    "menu_account_followup_report_statement": ACCOUNTANTS,
}

#: Fields of other models that are no secret: one more type of contact.
OPEN_FIELDS = {
    ("res.partner", "type"),
    # words that a text can name, the same for everybody
    ("mail.template", "followup_placeholders"),
    ("sms.template", "followup_placeholders"),
}
#: Fields for administrators: settings, and what joins a letter to its reminder.
ADMINISTRATORS_FIELDS = {"res.config.settings", "sms.sms", "snailmail.letter"}
