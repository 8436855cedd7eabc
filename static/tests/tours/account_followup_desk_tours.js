import {registry} from "@web/core/registry";
import {openLateWorkList} from "./account_followup_tours";

const tours = registry.category("web_tour.tours");

/** What is done at the desk takes as many clicks as it says, five at most. */
function atDesk(count, steps) {
    const clicks = steps.filter((step) => step.run === "click").length;
    if (clicks !== count || count > 5) {
        throw new Error(`${clicks} clicks instead of ${count}`);
    }
    return [
        ...openLateWorkList,
        {
            content: "Go through the list, the largest debt first",
            trigger: "button.o_followup_desk",
            run: "click",
        },
        {
            content: "The first customer, with the invoices",
            trigger:
                ".o_form_view:has(.o_field_widget[name=partner_id]:contains(Late Ltd)) .o_field_widget[name=item_ids] .o_data_row:contains(250.00)",
        },
        ...steps,
    ];
}

const isBack = {
    content: "The desk is there again",
    trigger: "body:not(:has(.modal)) .o_form_view .o_field_widget[name=item_ids]",
};

tours.add("account_followup_desk_send", {
    steps: () =>
        atDesk(2, [
            {
                content: "Send",
                trigger: ".o_form_statusbar button[name=action_send_followup]",
                run: "click",
            },
            {
                content: "Send it now",
                trigger: ".modal footer button[name=action_send]:contains(/^Send$/)",
                run: "click",
            },
            isBack,
            {
                content: "It stands in the history",
                trigger: ".o_field_widget[name=history]:contains(Reminder)",
            },
        ]),
});

tours.add("account_followup_desk_not_reached", {
    steps: () =>
        atDesk(4, [
            {
                content: "Log a call",
                trigger: ".o_form_statusbar button[name=action_log_followup_call]",
                run: "click",
            },
            {
                content: "Nobody was there",
                trigger:
                    ".modal .o_field_widget[name=outcome] input[data-value=not_reached]",
                run: "click",
            },
            {
                content: "Log it",
                trigger: ".modal footer button[name=action_log]",
                run: "click",
            },
            isBack,
            {
                content: "It stands in the history",
                trigger: ".o_field_widget[name=history]:contains(Not Reached)",
            },
            {
                content: "The next customer",
                trigger: ".o_pager_next",
                run: "click",
            },
            {
                content: "It is another one",
                trigger: ".o_field_widget[name=partner_id]:contains(Other Ltd)",
            },
        ]),
});

tours.add("account_followup_desk_promise", {
    steps: () =>
        atDesk(3, [
            {
                content: "They promise to pay",
                trigger: ".o_form_statusbar button[name=action_promise_followup]",
                run: "click",
            },
            {
                content: "On which day?",
                trigger:
                    ".modal .o_field_widget[name=date] input, .modal .o_field_widget[name=date] button",
                run: "click",
            },
            {
                content: "Type the day",
                trigger: ".modal .o_field_widget[name=date] input",
                run: "edit +7d",
            },
            {
                content: "Save it",
                trigger: ".modal footer button[name=action_promise]",
                run: "click",
            },
            isBack,
            {
                content: "The invoice rests",
                trigger:
                    ".o_field_widget[name=item_ids] .o_data_row .o_data_cell[name=rest_kind]:contains(/[a-z]/)",
            },
        ]),
});

tours.add("account_followup_desk_dispute", {
    steps: () =>
        atDesk(4, [
            {
                content: "They dispute one invoice",
                trigger:
                    ".o_data_row:contains(250.00) button[name=action_dispute_followup]",
                run: "click",
            },
            {
                content: "What is wrong?",
                trigger: ".modal .o_field_widget[name=reason_id] input",
                run: "click",
            },
            {
                content: "That reason",
                trigger: ".ui-autocomplete .ui-menu-item:contains(Wrong price) a",
                run: "click",
            },
            {
                content: "It is chosen",
                trigger: `.modal .o_field_widget[name=reason_id] input:value("Wrong price or amount")`,
            },
            {
                content: "The invoice is chosen",
                trigger: ".modal .o_field_widget[name=line_ids] .o_data_row",
            },
            {
                content: "Open the dispute",
                trigger: ".modal footer button[name=action_dispute]",
                run: "click",
            },
            isBack,
            {
                content: "The invoice rests",
                trigger:
                    ".o_field_widget[name=item_ids] .o_data_row .o_data_cell[name=rest_kind]:contains(/[a-z]/)",
            },
        ]),
});

tours.add("account_followup_desk_skip", {
    steps: () =>
        atDesk(1, [
            {
                content: "Not today",
                trigger: ".o_form_statusbar button[name=action_skip_until_tomorrow]",
                run: "click",
            },
            {
                content: "The next customer is there by itself",
                trigger: ".o_field_widget[name=partner_id]:contains(Other Ltd)",
            },
            {
                content: "By the keyboard",
                trigger: ".o_form_view",
                run: "press alt+y",
            },
            {
                content: "There is no other one",
                trigger: ".o_notification:contains(That was the last customer)",
            },
        ]),
});

tours.add("account_followup_payer_column", {
    steps: () => [
        ...openLateWorkList,
        {
            content: "More columns",
            trigger: ".o_optional_columns_dropdown button",
            run: "click",
        },
        {
            content: "How late do they pay?",
            trigger: ".o-dropdown--menu .dropdown-item:contains(Average Days Late)",
            run: "click",
        },
        {
            content: "It is read now",
            trigger:
                ".o_data_row:contains(Late Ltd) [name=average_days_late]:contains(45.0)",
        },
        {
            content: "Sort by it",
            trigger: "th[data-name=average_days_late]",
            run: "click",
        },
        {
            content: "It is still there",
            trigger:
                ".o_list_table:has(th[data-name=average_days_late] :is(.fa-sort-asc, .fa-sort-desc)) .o_data_row:contains(Late Ltd)",
        },
    ],
});
