import {registry} from "@web/core/registry";
import {openLateCustomer} from "./account_followup_tours";

registry.category("web_tour.tours").add("account_followup_promise", {
    steps: () => [
        ...openLateCustomer,
        {
            content: "Press Promise",
            trigger: "button[name=action_promise_followup]",
            run: "click",
        },
        {
            content: "What is overdue is proposed",
            trigger: ".modal .o_field_widget[name=amount] input:value(100.00)",
        },
        {
            content: "Choose a day",
            trigger: ".modal .o_field_widget[name=date] input",
            run: "edit +7d && press Tab",
        },
        {
            content: "Two instalments",
            trigger: ".modal .o_field_widget[name=instalment_count] input",
            run: "edit 2 && press Tab",
        },
        {
            content: "They are equal",
            trigger:
                ".modal .o_field_widget[name=part_ids] .o_data_row:eq(1):contains(50.00)",
        },
        {
            content: "Change the first one",
            trigger:
                ".modal .o_field_widget[name=part_ids] .o_data_row:eq(0) td[name=amount]",
            run: "click",
        },
        {
            content: "It is larger",
            trigger:
                ".modal .o_field_widget[name=part_ids] .o_data_row:eq(0) td[name=amount] input",
            run: "edit 60 && press Tab",
        },
        {
            content: "Go to the second one",
            trigger:
                ".modal .o_field_widget[name=part_ids] .o_data_row:eq(1) td[name=amount]",
            run: "click",
        },
        {
            content: "It is smaller",
            trigger:
                ".modal .o_field_widget[name=part_ids] .o_data_row:eq(1) td[name=amount] input",
            run: "edit 40",
        },
        {
            content: "Save",
            trigger: ".modal footer button[name=action_promise]",
            run: "click",
        },
        {
            content: "The customer shows it",
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=followup_promise_text]:contains(60.00)",
        },
        {
            content: "The status has changed",
            trigger:
                ".o_field_widget[name=followup_status] .badge:contains(With overdue invoices)",
        },
        {
            content: "Look at the promises",
            trigger: "button[name=action_view_followup_promises]",
            run: "click",
        },
        {
            content: "Open the first one",
            trigger: ".o_list_view .o_data_row td[name=amount]:contains(60.00)",
            run: "click",
        },
        {
            content: "Cancel it",
            trigger: "button[name=action_cancel]",
            run: "click",
        },
        {
            content: "Yes",
            trigger: ".modal footer .btn-primary",
            run: "click",
        },
        {
            content: "It has ended",
            trigger: ".o_arrow_button_current:contains(Cancelled)",
        },
    ],
});
