import {registry} from "@web/core/registry";
import {openLateCustomer} from "./account_followup_tours";

registry.category("web_tour.tours").add("account_followup_send_choices", {
    steps: () => [
        ...openLateCustomer,
        {
            content: "Press Send",
            trigger: "button.btn-primary[name=action_send_followup]",
            run: "click",
        },
        {
            content: "A letter",
            trigger: ".modal .o_field_widget[name=do_print] input",
            run: "check",
        },
        {
            content: "The window knows",
            trigger: ".modal footer button:contains(/^Send & Print$/)",
        },
        {
            content: "No e-mail this time",
            trigger: ".modal .o_field_widget[name=do_email] input",
            run: "uncheck",
        },
        {
            content: "It is for printing only",
            trigger: ".modal footer button:contains(/^Print$/)",
        },
        {
            content: "Change the subject",
            trigger: ".modal .o_field_widget[name=subject] input",
            run: "edit Please pay, Late Ltd",
        },
        {
            content: "Remove an invoice",
            trigger: ".modal .o_data_row:contains(99.00) .o_list_record_remove button",
            run: "click",
        },
        {
            content: "It is gone",
            trigger: ".modal .o_field_widget[name=item_line_ids]:not(:contains(99.00))",
        },
        {
            content: "The letter is still ticked",
            trigger: ".modal .o_field_widget[name=do_print] input:checked",
        },
        {
            content: "The e-mail is not",
            trigger: ".modal .o_field_widget[name=do_email] input:not(:checked)",
        },
        {
            content: "The subject is there",
            trigger:
                ".modal .o_field_widget[name=subject] input:value(Please pay, Late Ltd)",
        },
        {
            content: "Print",
            trigger: ".modal footer button[name=action_send]:contains(/^Print$/)",
            run: "click",
        },
        {
            content: "The reminder was made",
            trigger:
                "body:not(:has(.modal)) button[name=action_view_followup_reminders]",
        },
    ],
});
