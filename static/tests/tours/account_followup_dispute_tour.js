import {registry} from "@web/core/registry";
import {openLateCustomer} from "./account_followup_tours";

registry.category("web_tour.tours").add("account_followup_dispute", {
    steps: () => [
        ...openLateCustomer,
        {
            content: "Press Dispute",
            trigger: "button[name=action_dispute_followup]",
            run: "click",
        },
        {
            content: "Choose a reason",
            trigger: ".modal .o_field_widget[name=reason_id] input",
            run: "edit Wrong price",
        },
        {
            content: "This one",
            trigger: ".ui-autocomplete .ui-menu-item:contains(Wrong price) a",
            run: "click",
        },
        {
            content: "Add an invoice",
            trigger: ".modal .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            content: "That of 100",
            trigger:
                ".modal .o_list_view .o_data_row:contains(100.00) .o_data_cell:first",
            run: "click",
        },
        {
            content: "All of it is proposed",
            trigger: ".modal .o_field_widget[name=amount] input:value(100.00)",
        },
        {
            content: "A part of it",
            trigger: ".modal .o_field_widget[name=amount] input",
            run: "edit 30",
        },
        {
            content: "Open the dispute",
            trigger: ".modal footer button[name=action_dispute]",
            run: "click",
        },
        {
            content: "The customer shows it",
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=followup_dispute_text]:contains(30.00)",
        },
        {
            content: "Look at the disputes",
            trigger: "button[name=action_view_followup_disputes]",
            run: "click",
        },
        {
            content: "Open it",
            trigger: ".o_list_view .o_data_row td[name=amount]:contains(30.00)",
            run: "click",
        },
        {
            content: "Reject it",
            trigger: ".o_form_statusbar button.o_followup_reject",
            run: "click",
        },
        {
            content: "Without a text: the second click",
            trigger: ".modal footer button[name=action_reject]:contains(/^Reject$/)",
            run: "click",
        },
        {
            content: "It has ended",
            trigger: ".o_arrow_button_current:contains(Rejected)",
        },
    ],
});

registry.category("web_tour.tours").add("account_followup_dispute_text", {
    steps: () => [
        {
            content: "Reject it",
            trigger: ".o_form_statusbar button.o_followup_reject",
            run: "click",
        },
        {
            content: "Tell the customer why",
            trigger: ".modal .o_field_widget[name=do_email] input",
            run: "click",
        },
        {
            content: "The text is that of the template, to whom gets reminders",
            trigger:
                ".modal:has(.o_field_widget[name=contact_info]:contains(@)) .o_field_widget[name=body]:contains(your complaint)",
        },
        {
            content: "Change the subject",
            trigger: ".modal .o_field_widget[name=subject] input",
            run: "edit Your complaint of Monday",
        },
        {
            content: "Reject and send",
            trigger: ".modal footer button[name=action_reject]:contains(Reject & Send)",
            run: "click",
        },
        {
            content: "It has ended",
            trigger:
                "body:not(:has(.modal)) .o_arrow_button_current:contains(Rejected)",
        },
    ],
});
