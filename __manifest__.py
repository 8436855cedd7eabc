{
    "name": "Payment Follow-up",
    "summary": "Remind customers who pay late, at the right time and never twice",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "account_payment_followup developers",
    "depends": ["account", "account_payment", "sms", "snailmail"],
    "excludes": ["account_followup"],
    "data": [
        "security/account_followup_security.xml",
        "security/ir.model.access.csv",
        "report/account_followup_reminder_templates.xml",
        "report/account_followup_reminder_reports.xml",
        "data/mail_template_data.xml",
        "data/ir_cron_data.xml",
    ],
    "demo": ["demo/account_followup_demo.xml"],
    "assets": {
        "web.assets_tests": [
            "account_payment_followup/static/tests/tours/**/*",
        ],
    },
    "post_init_hook": "post_init_hook",
    "installable": True,
}
