import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

/** Steps that open a menu of the Invoicing app. */
export function openMenu(section, name) {
    return [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open Invoicing",
            trigger: ".o_app[data-menu-xmlid='account.menu_finance']",
            run: "click",
        },
        {
            content: "Its first screen is drawn: that would close an open menu",
            trigger: ".o_action_manager .o_view_controller .o_control_panel",
        },
        {
            content: `Open the menu ${section}`,
            trigger: `.o_menu_sections button:contains(/^${section}$/)`,
            run: "click",
        },
        {
            content: `Choose ${name}`,
            trigger: `.o-dropdown--menu a.dropdown-item:contains(/^${name}$/)`,
            run: "click",
        },
        {
            content: `${name} is open`,
            trigger: `.o_breadcrumb:contains(${name})`,
        },
    ];
}

/**
 * The list of every day is one click from the Invoicing app. What is done from there is
 * counted: a tour takes as many clicks as it says, the one on the menu included.
 */
function inClicks(count, steps) {
    const clicks =
        steps.filter((step) => ["click", "check"].includes(step.run)).length + 1;
    if (clicks !== count) {
        throw new Error(`${clicks} clicks instead of ${count}`);
    }
    return [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open Invoicing",
            trigger: ".o_app[data-menu-xmlid='account.menu_finance']",
            run: "click",
        },
        {
            content: "Its first screen is drawn",
            trigger: ".o_action_manager .o_view_controller .o_control_panel",
        },
        {
            content: "Open the follow-ups",
            trigger:
                ".o_menu_sections [data-menu-xmlid='account_payment_followup.menu_account_followup']",
            run: "click",
        },
        {
            content: "Who has to be reminded is listed",
            trigger: ".o_facet_values:contains(Requires Follow-up)",
        },
        ...steps,
    ];
}

/** Steps that choose a record in a many2one field. */
export function chooseRecord(field, name) {
    return [
        {
            content: `Look for ${name}`,
            trigger: `.o_field_widget[name=${field}] input`,
            run: `edit ${name}`,
        },
        {
            content: `Choose ${name}`,
            trigger: `.o-autocomplete--dropdown-item a:contains(${name})`,
            run: "click",
        },
    ];
}

/** Steps to the list of every day, on which a customer requires a follow-up. */
export const openLateWorkList = [
    ...openMenu("Customers", "Follow-up Reports"),
    {
        content: "Who has to be reminded is listed",
        trigger: ".o_facet_values:contains(Requires Follow-up)",
    },
    {
        content: "The customer asks for a reminder",
        trigger: ".o_data_row:contains(Late Ltd) .badge:contains(Requires follow-up)",
    },
];

export const openLateCustomer = [
    ...openLateWorkList,
    {
        content: "Open the customer",
        trigger: ".o_data_row td[name=partner_id]:contains(Late Ltd)",
        run: "click",
    },
    {
        content: "The form opens at the follow-ups",
        trigger:
            ".o_field_widget[name=followup_status] .badge:contains(Requires follow-up)",
    },
    {
        content: "It says which level is due",
        trigger: ".o_field_widget[name=followup_level_id]:contains(Friendly Reminder)",
    },
];

tours.add("account_followup_configure_level", {
    steps: () => [
        ...openMenu("Configuration", "Follow-up Levels"),
        {
            content: "Create a level",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "Give it a name",
            trigger: ".o_field_widget[name=name] input",
            run: "edit Soon to be Paid",
        },
        {
            content: "Three days before the due date",
            trigger: ".o_field_widget[name=delay] input",
            run: "edit -3 && press Tab",
        },
        {
            content: "The days are said in words",
            trigger:
                ".o_field_widget[name=timing]:contains(3 days before the due date)",
        },
        ...chooseRecord("mail_template_id", "Payment Follow-up: Upcoming Due Date"),
        {
            content: "An arrow leads to the template",
            trigger: ".o_field_widget[name=mail_template_id] .o_external_button",
        },
        {
            content: "It goes out by itself",
            trigger: ".o_field_widget[name=is_automatic] input",
            run: "check",
        },
        {
            content: "Go to the activity",
            trigger: ".o_notebook .nav-link:contains(Activity)",
            run: "click",
        },
        {
            content: "Schedule one",
            trigger: ".o_field_widget[name=schedule_activity] input",
            run: "check",
        },
        {
            content: "Somebody certain has to do it",
            trigger: ".o_field_widget[name=activity_responsible] input",
            run: "click",
        },
        {
            content: "A user with a name",
            trigger: ".o_select_menu_item:contains(Named User)",
            run: "click",
        },
        ...chooseRecord("activity_user_id", "Responsible"),
        {
            content: "Say what is to be done",
            trigger: ".o_field_widget[name=activity_summary] input",
            run: "edit Ask whether all is well",
        },
        ...stepUtils.saveForm(),
        {
            content: "Back to the list",
            trigger: ".o_back_button, .breadcrumb-item:contains(Follow-up Levels) a",
            run: "click",
        },
        {
            content: "The earliest level comes first",
            trigger: ".o_data_row:first:contains(Soon to be Paid)",
        },
    ],
});

tours.add("account_followup_send_reminder", {
    steps: () => [
        ...openLateCustomer,
        {
            content: "Press Send",
            trigger: "button.btn-primary[name=action_send_followup]",
            run: "click",
        },
        {
            content: "The window says to whom it goes",
            trigger:
                ".modal .o_field_widget[name=contact_info]:contains(late.ltd@customer.example.com)",
        },
        {
            content: "It names the open invoice",
            trigger:
                ".modal .o_field_widget[name=item_line_ids] .o_data_row:contains(250.00)",
        },
        {
            content: "Change the subject",
            trigger: ".modal .o_field_widget[name=subject] input",
            run: "edit Please pay, Late Ltd",
        },
        {
            content: "Send it, with a nervous finger",
            trigger: ".modal footer button[name=action_send]:contains(/^Send$/)",
            run: "dblclick",
        },
        {
            content: "The status has moved on",
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=followup_status] .badge:contains(With overdue invoices)",
        },
        {
            content: "The message is in the chatter",
            trigger: ".o-mail-Message:contains(Please pay, Late Ltd)",
        },
        {
            content: "Look at the history",
            trigger: "button[name=action_view_followup_reminders]",
            run: "click",
        },
        {
            content: "The reminder is there, with its amount",
            trigger:
                ".o_data_row:contains(Friendly Reminder):contains(250.00) td[name=level_id]",
            run: "click",
        },
        {
            content: "With its invoice",
            trigger: ".o_field_widget[name=line_ids] .o_data_row:contains(250.00)",
        },
        {
            content: "Look at the text",
            trigger: ".o_notebook .nav-link:contains(Text as Sent)",
            run: "click",
        },
        {
            content: "The text was kept as it was sent",
            trigger: ".o_field_widget[name=body] .o_followup_table:contains(250.00)",
        },
    ],
});

tours.add("account_followup_read_only", {
    steps: () => [
        ...openLateCustomer,
        {
            content: "There is nothing to send with",
            trigger:
                ".o_form_view:has(button[name=action_view_followup_items]):not(:has(button[name=action_send_followup]))",
        },
        {
            content: "Nor anything to change",
            trigger: ".o_field_widget[name=followup_excluded].o_readonly_modifier",
        },
        {
            content: "Look at the overdue invoices",
            trigger: "button.btn-secondary[name=action_view_followup_items]",
            run: "click",
        },
        {
            content: "They are listed",
            trigger: ".o_data_row:contains(250.00)",
        },
    ],
});

tours.add("account_followup_exclude_invoice", {
    steps: () => [
        ...openLateCustomer,
        {
            content: "Look at the overdue invoices",
            trigger: ".oe_stat_button[name=action_view_followup_items]",
            run: "click",
        },
        {
            content: "Open the invoice",
            trigger: ".o_data_row:contains(250.00) td[name=due_date]",
            run: "click",
        },
        {
            content: "Go to the other information",
            trigger: ".o_notebook .nav-link:contains(Other Info)",
            run: "click",
        },
        {
            content: "Exclude it",
            trigger: ".o_field_widget[name=no_followup] input",
            run: "check",
        },
        ...stepUtils.saveForm(),
        {
            content: "Back to the list",
            trigger: ".breadcrumb-item:contains(Overdue Invoices) a, .o_back_button",
            run: "click",
        },
        {
            content: "It rests",
            trigger: ".o_data_row .badge:contains(Excluded)",
        },
    ],
});

tours.add("account_followup_other_company", {
    steps: () => [
        ...openLateWorkList,
        {
            content: "The other company is the current one",
            trigger: ".o_switch_company_menu:contains(Second Company)",
        },
        {
            content: "Open the customer",
            trigger: ".o_data_row td[name=partner_id]:contains(Late Ltd)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The company has changed",
            trigger: ".o_switch_company_menu:not(:contains(Second Company))",
        },
        {
            content: "What is said belongs to it",
            trigger: ".o_field_widget[name=total_overdue]:contains(250.00)",
        },
        {
            content: "The way back is there",
            trigger: ".o_breadcrumb:contains(Follow-up Reports)",
        },
        {
            content: "Press Send",
            trigger: "button.btn-primary[name=action_send_followup]",
            run: "click",
        },
        {
            content: "The window knows the invoice",
            trigger:
                ".modal .o_field_widget[name=item_line_ids] .o_data_row:contains(250.00)",
        },
    ],
});

tours.add("account_followup_walk_through", {
    steps: () => [
        ...openLateWorkList,
        {
            content: "Sorted by name",
            trigger: ".o_list_table thead th[data-name=partner_id]",
            run: "click",
        },
        {
            content: "A first, Late Ltd second",
            trigger: ".o_data_row:first:contains(A First)",
        },
        {
            content: "Open the second customer",
            trigger: ".o_data_row td[name=partner_id]:contains(Late Ltd)",
            run: "click",
        },
        {
            content: "The pager counts the rows of the list",
            trigger: ".o_form_view .o_pager_counter:contains(2 / 3)",
        },
        {
            content: "Go on to the next",
            trigger: ".o_pager_next",
            run: "click",
        },
        {
            content: "It is the next row",
            trigger: ".o_breadcrumb:contains(Z Last)",
        },
        {
            content: "Of the same list",
            trigger: ".o_pager_counter:contains(3 / 3)",
        },
    ],
});

tours.add("account_followup_send_on_row", {
    steps: () => [
        ...inClicks(3, [
            {
                content: "Press Send on the row",
                trigger:
                    ".o_data_row:contains(Late Ltd) button[name=action_send_followup]",
                run: "click",
            },
            {
                content: "Send it",
                trigger:
                    ".modal footer button[name=action_send]:contains(/^Send$/):enabled",
                run: "click",
            },
        ]),
        {
            content: "Nobody is left to remind: the list says so, and its numbers",
            trigger:
                "body:not(:has(.modal)):not(:has(.o_data_row)) .o_followup_numbers button[data-filter=in_need_of_action]:contains(0)",
        },
        {
            content: "Who is late all the same?",
            trigger: ".o_followup_numbers button[data-filter=overdue]:contains(1)",
            run: "click",
        },
        {
            content: "The number has set its filter",
            trigger: ".o_facet_values:contains(Overdue Invoices)",
        },
    ],
});

tours.add("account_followup_call_on_row", {
    steps: () => [
        ...inClicks(5, [
            {
                content: "Call from the row",
                trigger:
                    ".o_data_row:contains(Late Ltd) button[name=action_log_followup_call]",
                run: "click",
            },
            {
                content: "They promise to pay",
                trigger:
                    ".modal .o_field_widget[name=outcome] input[data-value=promise]",
                run: "click",
            },
            {
                content: "On which day?",
                trigger:
                    ".modal .o_field_widget[name=promised_date] input, .modal .o_field_widget[name=promised_date] button",
                run: "click",
            },
            {
                content: "Type the day",
                trigger: ".modal .o_field_widget[name=promised_date] input",
                run: "edit +7d",
            },
            {
                content: "Log it",
                trigger: ".modal footer button[name=action_log]",
                run: "click",
            },
        ]),
        {
            content: "Nobody is left to remind",
            trigger:
                "body:not(:has(.modal)):not(:has(.o_data_row)) .o_followup_numbers",
        },
    ],
});

tours.add("account_followup_hold_on_customer", {
    steps: () => [
        ...inClicks(3, [
            {
                content: "Hold what is overdue",
                trigger:
                    ".o_data_row:contains(Late Ltd) button[name=action_hold_followup]",
                run: "click",
            },
            {
                content: "The window names the invoice",
                trigger:
                    ".modal .o_field_widget[name=line_ids] .o_data_row:contains(250.00)",
            },
            {
                content: "For a week",
                trigger: ".modal footer button[name=action_apply]",
                run: "click",
            },
        ]),
        {
            content: "Nobody is left to remind",
            trigger:
                "body:not(:has(.modal)):not(:has(.o_data_row)) .o_followup_numbers",
        },
    ],
});

tours.add("account_followup_pay_on_row", {
    steps: () => [
        ...inClicks(5, [
            {
                content: "Open the customer",
                trigger: ".o_data_row td[name=partner_id]:contains(Late Ltd)",
                run: "click",
            },
            {
                content: "What is overdue",
                trigger: "button.btn[name=action_view_followup_items]",
                run: "click",
            },
            {
                content: "Pay on the row",
                trigger:
                    ".o_data_row:contains(250.00) button[name=action_register_payment]",
                run: "click",
            },
            {
                content: "Create the payment",
                trigger: ".modal footer button[name=action_create_payments]",
                run: "click",
            },
        ]),
        {
            content: "It is paid, the list is back",
            trigger: "body:not(:has(.modal)) .o_list_view",
        },
    ],
});

tours.add("account_followup_process_all", {
    steps: () => [
        ...inClicks(3, [
            {
                content: "All who are due",
                trigger: ".o_followup_process_all:contains('Process all due (1)')",
                run: "click",
            },
            {
                content: "The window says what will be done",
                trigger:
                    ".modal .o_field_widget[name=line_ids] .o_data_row:contains(Late Ltd)",
            },
            {
                content: "Do it",
                trigger: ".modal footer button[name=action_process]",
                run: "click",
            },
        ]),
        {
            content: "It says what was done",
            trigger:
                ".o_form_view .o_data_row:contains(Late Ltd) .badge:contains(Reminded)",
        },
    ],
});

tours.add("account_followup_process", {
    steps: () => [
        ...openLateWorkList,
        {
            content: "There is room for what a narrow window leaves out",
            trigger: ".o_list_table thead [data-name=days_late]",
        },
        {
            content: "Select the customer",
            trigger: ".o_data_row:contains(Late Ltd) .o_list_record_selector input",
            run: "check",
        },
        {
            content: "Process it",
            trigger: ".o_control_panel button[name=action_process_followups]",
            run: "click",
        },
        {
            content: "The window says what will be done",
            trigger:
                ".modal .o_field_widget[name=line_ids] .o_data_row:contains(Late Ltd):contains(Friendly Reminder)",
        },
        {
            content: "Do it",
            trigger: ".modal footer button[name=action_process]",
            run: "click",
        },
        {
            content: "It says what was done",
            trigger:
                ".o_form_view .o_data_row:contains(Late Ltd) .badge:contains(Reminded)",
        },
    ],
});

tours.add("account_followup_process_many", {
    steps: () => [
        ...openLateWorkList,
        {
            content: "Select all that are shown",
            trigger: "thead .o_list_record_selector input",
            run: "check",
        },
        {
            content: "Process them",
            trigger: ".o_control_panel button[name=action_process_followups]",
            run: "click",
        },
        {
            content: "The window counts them, and who cannot be reached",
            trigger:
                ".modal:has(.o_field_widget[name=due_count]:contains(13)) .alert:contains(Not reached in every way)",
        },
        {
            content: "Do it",
            trigger: ".modal footer button[name=action_process]",
            run: "click",
        },
        {
            content: "The click does nothing but open the run",
            trigger:
                ".o_form_view:has(.o_field_widget[name=done_count]:contains(0)) .o_field_widget[name=waiting_count]:contains(13)",
        },
        {
            content: "It goes on in the background",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Running)",
        },
    ],
});

tours.add("account_followup_run_repair", {
    steps: () => [
        {
            content: "Click 1: open the customer who failed",
            trigger:
                ".o_field_widget[name=failed_line_ids] .o_data_row:contains(no valid e-mail) td[name=partner_id]",
            run: "click",
        },
        {
            content: "Type the address",
            trigger: ".o_field_widget[name=email] input",
            run: "edit silent@customer.example.com",
        },
        {
            content: "Click 2: back to the run",
            trigger: ".o_back_button, .o_breadcrumb a:contains(Processing of)",
            run: "click",
        },
        {
            content: "Click 3: try again",
            trigger: "button[name=action_retry_failed]",
            run: "click",
        },
        {
            content: "It has left",
            trigger:
                ".o_form_view:not(:has([name=failed_line_ids])) .o_field_widget[name=done_count]:contains(1)",
        },
    ],
});

tours.add("account_followup_hold_on_row", {
    steps: () => [
        {
            content: "In a narrow window",
            trigger: "body",
            run: () => Object.defineProperty(window, "innerWidth", {value: 1024}),
        },
        ...openMenu("Customers", "What Rests"),
        {
            content: "Less important columns give way",
            trigger:
                ".o_list_table thead:not(:has([data-name=responsible_id])):has([data-name=rest_why])",
        },
        {
            content: "Nothing rests: take the filter away",
            trigger: ".o_facet_remove",
            run: "click",
        },
        {
            content: "And the groups",
            trigger: ".o_searchview_facet:contains(Resting) .o_facet_remove",
            run: "click",
        },
        {
            content: "Hold the invoice from its row",
            trigger: ".o_data_row:contains(Late Ltd) button[name=action_hold_followup]",
            run: "click",
        },
        {
            content: "The window asks until when",
            trigger: ".modal footer button[name=action_apply]",
        },
    ],
});

tours.add("account_followup_process_many_done", {
    steps: () => [
        {
            content: "The run has ended",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Done)",
        },
        {
            content: "The counts are right",
            trigger:
                ".o_form_view:has(.o_field_widget[name=done_count]:contains(11)):has(.o_field_widget[name=skipped_count]:contains(1)) .o_field_widget[name=failed_count]:contains(1)",
        },
        {
            content: "What failed comes first, with the reason",
            trigger:
                ".o_field_widget[name=failed_line_ids] .o_data_row:contains(Silent):contains(no valid e-mail address)",
        },
        {
            content: "Who was skipped?",
            trigger: ".o_notebook .nav-link:contains(Skipped)",
            run: "click",
        },
        {
            content: "Who paid meanwhile",
            trigger:
                ".o_field_widget[name=skipped_line_ids] .o_data_row:contains(Paid)",
        },
    ],
});

tours.add("account_followup_activities", {
    steps: () => [
        ...openLateWorkList,
        {
            content: "The next activity stands beside the customer, it is late",
            trigger:
                ".o_data_row:contains(Late Ltd) .o-mail-ActivityButton:has(.text-danger):contains(Ask for the reason)",
            run: "click",
        },
        {
            content: "Call made",
            trigger:
                ".o-mail-ActivityListPopover .o-mail-ActivityListPopoverItem-markAsDone",
            run: "click",
        },
        {
            content: "Say so",
            trigger: ".o-mail-ActivityMarkAsDone button[aria-label=Done]",
            run: "click",
        },
        {
            content: "Nothing is left to do: plan the next",
            trigger:
                ".o_data_row:contains(Late Ltd) .o-mail-ActivityButton:not(:contains(Ask))",
            run: "click",
        },
        {
            content: "The customer's activities are scheduled as everywhere",
            trigger: ".o-mail-ActivityListPopover button:contains(Schedule)",
            run: "click",
        },
        {
            content: "Give it a summary",
            trigger: ".modal .o_field_widget[name=summary] input",
            run: "edit Visit them",
        },
        {
            content: "Save it",
            trigger: ".modal footer button[name=action_schedule_activities]",
            run: "click",
        },
        {
            content: "It is there",
            trigger:
                "body:not(:has(.modal)) .o_data_row:contains(Late Ltd) .o-mail-ActivityButton:contains(Visit them)",
        },
        {
            content: "On the cards, too",
            trigger: ".o_switch_view.o_kanban",
            run: "click",
        },
        {
            content: "The button of its card",
            trigger: ".o_kanban_record:contains(Late Ltd) .o-mail-ActivityButton",
            run: "click",
        },
        {
            content: "Says the same",
            trigger: ".o-mail-ActivityListPopover:contains(Visit them)",
        },
    ],
});
