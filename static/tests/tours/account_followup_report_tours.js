import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

const REPORT = ".o_followup_report";
const LATE = `${REPORT} tbody:has(.o_followup_customer:contains(Late Ltd))`;
const PAID = `${REPORT} tbody:has(.o_followup_customer:contains(Prompt Ltd))`;
const LINE = `${LATE} .o_followup_row_line`;

function see(content, trigger) {
    return {content, trigger};
}

function click(content, trigger) {
    return {content, trigger, run: "click"};
}

/** The report of that title is there and not being read. */
function seeReport(title) {
    return see(
        `${title} is shown`,
        `${REPORT}:has(.o_followup_report_variant:contains(${title})) .o_followup_report_body[aria-busy=false]`
    );
}

function openReport(name, title = name) {
    return [
        stepUtils.showAppsMenuItem(),
        click("Open Invoicing", ".o_app[data-menu-xmlid='account.menu_finance']"),
        see(
            "Its first screen is drawn",
            ".o_action_manager .o_view_controller .o_control_panel"
        ),
        click("Open Reporting", ".o_menu_sections button:contains(/^Reporting$/)"),
        click(
            `Choose ${name}`,
            `.o-dropdown--menu a.dropdown-item:contains(/^${name}$/)`
        ),
        seeReport(title),
    ];
}

function switchTo(variant, title) {
    return [
        click("Open the switch", `${REPORT} .o_followup_report_variant`),
        click(`Choose ${title}`, `.o-dropdown--menu [data-variant=${variant}]`),
        seeReport(title),
    ];
}

function choose(menu, item, content) {
    return [
        click(`Open ${menu}`, `${REPORT} .o_followup_report_${menu}`),
        click(content, `.o-dropdown--menu ${item}`),
    ];
}

const unfoldLate = [
    click("Unfold the customer", `${LATE} .o_followup_fold[aria-expanded=false]`),
    see(
        "Its lines are read",
        `${LATE}:has(.o_followup_fold[aria-expanded=true]) .o_followup_row_line`
    ),
];

function openLineMenu(item, content) {
    return [
        click("Open the menu of the line", `${LINE}:first .o_followup_report_menu`),
        click(content, `.o-dropdown--menu [data-action=${item}]`),
    ];
}

tours.add("account_followup_report_aged", {
    steps: () => [
        ...openReport("Aged Receivable"),
        see("It is in the title", ".o_breadcrumb:contains(Aged Receivable)"),
        see(
            "What is 20 days late is in its column",
            `${LATE} td[data-name=bucket_1]:contains(250.00)`
        ),
        see(
            "The bar says it in words",
            `${LATE} .o_followup_ageing_bar[aria-label*='1–30 days: $']`
        ),
        see(
            "So does that of all",
            `${REPORT} .o_followup_report_pictures .o_followup_ageing_bar[aria-label*='1–30 days: $']`
        ),
        see("The total", `${REPORT} tfoot td[data-name=total]:contains(310.00)`),
        ...choose("options", "[data-compare='3']", "Compare with three month ends"),
        see("They are columns", `${REPORT} th[data-name=compare_3]`),
        click("Sort by the total", `${REPORT} th[data-name=total] button`),
        see(
            "The largest comes first",
            `${REPORT}:has(th[data-name=total][aria-sort=descending]) tbody:first:contains(Late Ltd)`
        ),
        click("Again", `${REPORT} th[data-name=total] button`),
        see(
            "The smallest comes first",
            `${REPORT}:has(th[data-name=total][aria-sort=ascending]) tbody:first:contains(Prompt Ltd)`
        ),
        ...unfoldLate,
        see("The due date is late", `${LINE} td[data-name=due_date].text-danger`),
        click("Open the entry", `${LINE} .o_followup_entry`),
        see(
            "The invoice is open",
            ".o_form_view .o_field_widget[name=partner_id]:contains(Late Ltd), .o_form_view .o_field_widget[name=partner_id] input:value(Late Ltd)"
        ),
        click(
            "Back to the report",
            ".o_back_button, .breadcrumb-item:contains(Aged Receivable) a"
        ),
        see(
            "It is unfolded as before",
            `${LATE}:has(.o_followup_fold[aria-expanded=true]) .o_followup_row_line`
        ),
        see(
            "And sorted as before",
            `${REPORT} th[data-name=total][aria-sort=ascending]`
        ),
        click("Open the statement of the customer", `${LATE} .o_followup_customer`),
        seeReport("Customer Statement"),
        see(
            "Only this one",
            `${REPORT}:not(:has(.o_followup_customer:contains(Prompt Ltd))) .o_followup_row_closing td[data-name=balance]:contains(250.00)`
        ),
        click("Force a reminder", `${REPORT} .o_followup_report_send_reminder`),
        see(
            "The window Send and Print",
            ".modal .o_field_widget[name=item_line_ids] .o_data_row:contains(250.00)"
        ),
        click("Not now", ".modal .btn-close"),
        click(
            "Back to the aged receivable",
            "body:not(:has(.modal)) .breadcrumb-item:contains(Aged Receivable) a"
        ),
        seeReport("Aged Receivable"),
        see(
            "As it was left",
            `${LATE}:has(.o_followup_fold[aria-expanded=true]) .o_followup_row_line`
        ),
    ],
});

tours.add("account_followup_report_statement", {
    steps: () => [
        seeReport("Customer Statement"),
        see(
            "The customer alone is unfolded",
            `${LATE} .o_followup_fold[aria-expanded=true]`
        ),
        see(
            "With a closing balance",
            `${LATE} .o_followup_row_closing td[data-name=balance]:contains(250.00)`
        ),
        see(
            "Its ageing",
            `${LATE} .o_followup_row_ageing .o_followup_ageing_bar[aria-label*='250.00']`
        ),
        see(
            "Its balance over time",
            `${REPORT} .o_followup_balance[aria-label*='250.00']`
        ),
        ...choose("period", "[data-period=all]", "All until today"),
        see(
            "Without an opening balance",
            `${LATE}:not(:has(.o_followup_row_opening)) .o_followup_row_closing`
        ),
        ...choose("options", "[data-option=draft]", "With drafts"),
        see("The draft is marked", `${LATE} .o_followup_row_line [data-flag=draft]`),
        ...switchTo("partner_ledger", "Partner Ledger"),
        see("The same customer", `${LATE} .o_followup_row_line td[data-name=journal]`),
        see(
            "It alone",
            `${REPORT}:not(:has(.o_followup_customer:contains(Prompt Ltd)))`
        ),
        click("Take the filters away", `${REPORT} .o_followup_report_reset`),
        see("Everybody is there", `${PAID} td[data-name=balance]:contains(60.00)`),
    ],
});

tours.add("account_followup_report_from_customer", {
    steps: () => [
        click(
            "The button of the customer",
            ".oe_stat_button[name=action_open_customer_statement]"
        ),
        seeReport("Customer Statement"),
        see("Unfolded at once", `${LATE} .o_followup_row_line .o_followup_entry`),
        see("The way back", ".o_breadcrumb:contains(Late Ltd)"),
        click("Trust", `${LATE} .o_followup_trust`),
        click("Bad", ".o-dropdown--menu .dropdown-item:contains(Bad)"),
        see("The dot is red", `${LATE} .o_followup_trust .o_status_red`),
        see(
            "The lines are still there",
            `${LATE} .o_followup_row_line .o_followup_entry`
        ),
    ],
});

tours.add("account_followup_report_from_list", {
    steps: () => [
        click(
            "Select a customer",
            ".o_data_row:contains(Late Ltd) .o_list_record_selector input"
        ),
        click(
            "And another one",
            ".o_data_row:contains(Prompt Ltd) .o_list_record_selector input"
        ),
        click("Open the actions", ".o_cp_action_menus button:contains(Actions)"),
        click(
            "Open Customer Statements",
            ".o-dropdown--menu .o_menu_item:contains(Open Customer Statements)"
        ),
        seeReport("Customer Statement"),
        see("The first one", LATE),
        see("The second one", PAID),
    ],
});

tours.add("account_followup_report_followup", {
    steps: () => [
        ...openReport("Follow-up Report by Customer", "Follow-up Report"),
        see(
            "What the customer needs",
            `${LATE} .o_followup_status:contains(Requires follow-up)`
        ),
        see("It is overdue", `${LATE} td[data-name=overdue]:contains(250.00)`),
        ...choose(
            "filter",
            "[data-filter=status]:contains(Requires follow-up)",
            "Only these"
        ),
        see(
            "The others are gone",
            `${REPORT}:not(:has(.o_followup_customer:contains(Prompt Ltd))) .o_followup_report_filter .badge:contains(1)`
        ),
        see("The only one left is unfolded", LINE),
        ...openLineMenu("hold", "Hold or exclude the invoice"),
        click(
            "Exclude it",
            ".modal .o_field_widget[name=operation] input[data-value=exclude]"
        ),
        see(
            "It is chosen",
            ".modal .o_field_widget[name=operation] input[data-value=exclude]:checked"
        ),
        click("Apply", ".modal footer button[name=action_apply]"),
        see(
            "It asks for nothing any more",
            `body:not(:has(.modal)) ${REPORT} .o_followup_report_empty`
        ),
        click("Take the filter away", `${REPORT} .o_followup_report_empty button`),
        see(
            "It is among the excluded",
            `${LATE} td[data-name=excluded]:contains(250.00)`
        ),
        ...unfoldLate,
        see("The line says so", `${LINE} [data-flag=excluded]`),
        ...openLineMenu("resume", "Resume"),
        see(
            "It is overdue again, still unfolded",
            `${LATE}:has(td[data-name=overdue]:contains(250.00)) .o_followup_row_line:not(:has([data-flag=excluded]))`
        ),
        ...openLineMenu("note", "Log a note"),
        see("It is about the invoice", ".modal .odoo-editor-editable:contains(INV/)"),
        {
            content: "Write it",
            trigger: ".modal .note-editable, .modal .odoo-editor-editable",
            run: "editor They will pay on Friday",
        },
        click(
            "Log it",
            ".modal footer button[name=action_send_mail], .modal footer .o_mail_send"
        ),
        seeReport("Follow-up Report"),
        see("The window is closed", "body:not(:has(.modal))"),
    ],
});

tours.add("account_followup_report_ledger", {
    steps: () => [
        ...openReport("Partner Ledger"),
        {
            content: "Look for a customer",
            trigger: `${REPORT} input[name=followup_report_search]`,
            run: "edit prompt && press Enter",
        },
        see(
            "It alone",
            `${REPORT}:not(:has(.o_followup_customer:contains(Late Ltd))) ${PAID.slice(REPORT.length)}`
        ),
        see(
            "Unfolded, for it is the only one",
            `${PAID} .o_followup_row_line td[data-name=account]`
        ),
        {
            content: "Look for nobody",
            trigger: `${REPORT} input[name=followup_report_search]`,
            run: "edit nobody of that name && press Enter",
        },
        see("It says that there is nothing", `${REPORT} .o_followup_report_empty`),
        click("Everybody again", `${REPORT} .o_followup_report_empty button`),
        see("They are back", LATE),
        ...choose("options", "[data-option=unfold]", "Unfold all"),
        see("The first is unfolded", `${LATE} .o_followup_row_line`),
        see("The second, too", `${PAID} .o_followup_row_line`),
        click("Open the choice of customers", `${REPORT} .o_followup_report_customers`),
        {
            content: "Look for the customer",
            trigger:
                ".o_followup_report_customers_menu .o_multi_record_selector:first input, .o_followup_report_customers_menu input:first",
            run: "edit Late",
        },
        click("Choose it", ".o-autocomplete--dropdown-item:contains(Late Ltd)"),
        see(
            "It alone",
            `${REPORT}:not(:has(.o_followup_customer:contains(Prompt Ltd))) .o_followup_report_customers:contains(Late Ltd)`
        ),
    ],
});

tours.add("account_followup_report_address", {
    steps: () => [
        see(
            "What the address asks for",
            `${REPORT} th[data-name=total][aria-sort=descending]`
        ),
        see(
            "Only one customer",
            `${REPORT}:not(:has(.o_followup_customer:contains(Prompt Ltd))) .o_followup_customer:contains(Late Ltd)`
        ),
        click("Open the options", `${REPORT} .o_followup_report_options`),
        see(
            "What holds is marked",
            ".o-dropdown--menu [data-option=due_date].selected[aria-checked=true]"
        ),
        click("Age by invoice date", ".o-dropdown--menu [data-option=invoice_date]"),
        see("30 days old", `${LATE} td[data-name=bucket_1]:contains(250.00)`),
        {
            content: "Back, as the browser does",
            trigger: `${REPORT} .o_followup_report_period:contains(by invoice date)`,
            run: () => window.history.back(),
        },
        see("As before", `${REPORT} .o_followup_report_period:contains(by due date)`),
    ],
});

tours.add("account_followup_report_accounts", {
    steps: () => [
        see(
            "All that is booked",
            `${REPORT} .o_followup_customer:contains(Vendor Ltd)`
        ),
        see("It is about partners", `${REPORT} th[data-name=name]:contains(Partner)`),
        click("Open the options", `${REPORT} .o_followup_report_options`),
        see(
            "What holds is marked",
            ".o-dropdown--menu [data-option=both].selected[aria-checked=true]"
        ),
        click("What is receivable", ".o-dropdown--menu [data-option=receivable]"),
        see(
            "Only customers",
            `${REPORT}:not(:has(.o_followup_customer:contains(Vendor Ltd))) .o_followup_customer:contains(Late Ltd)`
        ),
        click("Open the reports", `${REPORT} .o_followup_report_variant`),
        click("Another report", ".o-dropdown--menu [data-variant=aged_receivable]"),
        seeReport("Aged Receivable"),
        click("Open the reports again", `${REPORT} .o_followup_report_variant`),
        click("Back to the ledger", ".o-dropdown--menu [data-variant=partner_ledger]"),
        seeReport("Partner Ledger"),
        see(
            "It is remembered",
            `${REPORT}:not(:has(.o_followup_customer:contains(Vendor Ltd))) .o_followup_customer:contains(Late Ltd)`
        ),
    ],
});

tours.add("account_followup_report_error", {
    steps: () => [
        see(
            "It says what is wrong",
            `${REPORT} .o_followup_report_error:contains(period = whenever)`
        ),
        click(
            "Start anew",
            `${REPORT} .o_followup_report_error button:contains(Reset Filters)`
        ),
        seeReport("Aged Receivable"),
    ],
});

tours.add("account_followup_report_read_only", {
    steps: () => [
        seeReport("Customer Statement"),
        see(
            "Nothing to send with",
            `${REPORT}:not(:has(.o_followup_report_send_reminder)):not(:has(.o_followup_report_send_statement))`
        ),
        see("Trust is a picture", `${LATE} span.o_followup_trust[role=img]`),
        click("Open the menu of the line", `${LINE}:first .o_followup_report_menu`),
        see(
            "Only what may be done",
            ".o-dropdown--menu:has([data-action=entry]):not(:has([data-action=hold])):not(:has([data-action=note]))"
        ),
    ],
});

tours.add("account_followup_report_keyboard", {
    steps: () => [
        {
            content: "Unfold with the keyboard",
            trigger: `${REPORT} tbody:first .o_followup_fold`,
            run: ({anchor}) => anchor.focus(),
        },
        {
            content: "Enter",
            trigger: `${REPORT} tbody:first .o_followup_fold:focus`,
            run: "press Enter",
        },
        see(
            "It is unfolded",
            `${REPORT} tbody:first .o_followup_fold[aria-expanded=true]`
        ),
        {
            content: "Down",
            trigger: `${REPORT} tbody:first .o_followup_fold:focus`,
            run: "press ArrowDown",
        },
        {
            content: "Enter again",
            trigger: `${REPORT} tbody:last .o_followup_fold:focus`,
            run: "press Enter",
        },
        see(
            "So is the next one",
            `${REPORT} tbody:last .o_followup_fold[aria-expanded=true]`
        ),
    ],
});

tours.add("account_followup_report_german", {
    steps: () => [
        seeReport("Kundenkontoauszug"),
        click("Send the statement", `${REPORT} button:contains(Kontoauszug senden)`),
        see(
            "The window speaks German, too",
            ".modal-title:contains(Kontoauszüge senden)"
        ),
        click("Leave it", ".modal .btn-close"),
        seeReport("Kundenkontoauszug"),
    ],
});

/** Nothing that a name says was carried out. */
function seeNoScript(content, trigger) {
    return {
        content,
        trigger,
        run: () => {
            if (window.followupScriptRan) {
                throw new Error("The name of a customer was run as a script");
            }
        },
    };
}

tours.add("account_followup_names_are_text", {
    steps: () => [
        see("The work-list is drawn", ".o_data_row .o_list_record_selector"),
        seeNoScript("The name is text in the list", ".o_data_row:contains(onerror)"),
        click("Show cards", ".o_switch_view.o_kanban"),
        seeNoScript("The name is text on a card", ".o_kanban_record:contains(onerror)"),
        click("Open the customer", ".o_kanban_record:contains(onerror)"),
        see("The form is drawn", ".o_form_view .o_field_widget[name=name]"),
        click(
            "Open the statement",
            ".o_form_view button[name=action_open_customer_statement]"
        ),
        seeNoScript(
            "The name is text in the report",
            `${REPORT} .o_followup_customer:contains(onerror)`
        ),
        ...switchTo("aged_receivable", "Aged Receivable"),
        seeNoScript(
            "The name is text there, too",
            `${REPORT} .o_followup_customer:contains(onerror)`
        ),
    ],
});

tours.add("account_followup_items_of_customer", {
    steps: () => [
        see(
            "What the customer owes",
            ".o_list_view .o_data_row td[name=amount_open]:contains(250.00)"
        ),
        see(
            "Nothing of others",
            ".o_list_view:not(:has(td[name=amount_open]:contains(60.00)))"
        ),
        see(
            "The customer is not repeated",
            ".o_list_view:not(:has(th[data-name=partner_id]))"
        ),
    ],
});

tours.add("account_followup_report_is_off", {
    steps: () => [
        see(
            "What is off, and where it is switched on",
            `${REPORT} .o_followup_report_error:contains(switched off):contains(settings)`
        ),
        click(
            "Another report",
            `${REPORT} .o_followup_report_error button:contains(Reset Filters)`
        ),
        seeReport("Customer Statement"),
        see(
            "Nothing of follow-ups",
            `${REPORT}:not(:has(.o_followup_report_send_reminder)) .o_followup_customer:contains(Late Ltd)`
        ),
    ],
});

tours.add("account_followup_report_search", {
    steps: () => [
        {
            content: "Look for the number of an order",
            trigger: `${REPORT} input[name=followup_report_search]`,
            run: "edit 00017 && press Enter",
        },
        see(
            "Whose it is",
            `${REPORT}:not(:has(.o_followup_customer:contains(Prompt Ltd))) .o_followup_customer:contains(Late Ltd)`
        ),
        {
            content: "It is a text in the address, too",
            trigger: `${REPORT} .o_followup_report_body[aria-busy=false]`,
            run: () => window.location.reload(),
            expectUnloadPage: true,
        },
        see(
            "It is the same text",
            `${REPORT} input[name=followup_report_search]:value(00017)`
        ),
        see(
            "And the same customer",
            `${REPORT}:not(:has(.o_followup_customer:contains(Prompt Ltd))) .o_followup_customer:contains(Late Ltd)`
        ),
    ],
});
