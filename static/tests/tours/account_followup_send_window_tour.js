import {registry} from "@web/core/registry";
import {openLateCustomer} from "./account_followup_tours";

const TOP = ".modal:not(.o_inactive_modal)";

registry.category("web_tour.tours").add("account_followup_send_window", {
    steps: () => [
        ...openLateCustomer,
        {
            content: "Press Send",
            trigger: "button.btn-primary[name=action_send_followup]",
            run: "click",
        },
        {
            content: "Write something",
            trigger: ".modal .o_field_widget[name=subject] input",
            run: "edit Please pay, Late Ltd",
        },
        {
            content: "The address is missing: open the contact",
            trigger:
                ".modal .alert-danger:contains(has no valid e-mail) a:contains(Open Contact)",
            run: "click",
        },
        {
            content: "Enter it on top of the window",
            trigger: `${TOP} .o_form_view .o_field_widget[name=email] input`,
            run: "edit late@customer.example.com",
        },
        {
            content: "Save the contact",
            trigger: `${TOP} .o_form_button_save`,
            run: "click",
        },
        {
            content: "The window knows",
            trigger: `${TOP}:not(:has(.alert-danger)) .o_field_widget[name=contact_info]:contains(late@customer)`,
        },
        {
            content: "What was typed is there; close the window with the keyboard",
            trigger: `${TOP} .o_field_widget[name=subject] input:value(Please pay, Late Ltd)`,
            run: "press Escape",
        },
        {
            content: "It asks",
            trigger: `${TOP}:contains(The text was changed) button:contains(Go on Writing)`,
            run: "click",
        },
        {
            content: "Send",
            trigger: `${TOP} footer button[name=action_send]:contains(/^Send$/)`,
            run: "click",
        },
        {
            content: "A notice says what left; call it back",
            trigger:
                ".o_notification:contains(Reminder sent to Late Ltd):contains(late@customer) button:contains(Undo)",
            run: "click",
        },
        {
            content: "It was called back",
            trigger: ".o_notification:contains(was called back)",
        },
    ],
});

registry.category("web_tour.tours").add("account_followup_clerk_settings", {
    steps: () => [
        ...openLateCustomer,
        {
            content: "The form is read-only: change the settings on top of it",
            trigger: "button[name=action_edit_followup_settings]",
            run: "click",
        },
        {
            content: "Manual reminders",
            trigger:
                ".modal .o_field_widget[name=reminder_type] label:contains(Manual)",
            run: "click",
        },
        {
            content: "Open the menu of trust",
            trigger: ".modal .o_field_widget[name=trust] button",
            run: "click",
        },
        {
            content: "A bad debtor",
            trigger: ".o-dropdown--menu .dropdown-item:contains(Bad Debtor)",
            run: "click",
        },
        {
            content: "Save",
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "The customer shows it",
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=followup_reminder_type]:contains(Manual)",
        },
    ],
});
