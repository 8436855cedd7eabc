import {registry} from "@web/core/registry";
import {openMenu} from "./account_followup_tours";

registry.category("web_tour.tours").add("account_followup_planned", {
    steps: () => [
        ...openMenu("Customers", "Planned Reminders"),
        {
            content: "Days are unfolded; unfold the level, too",
            trigger: ".o_group_header:contains(Friendly Reminder)",
            run: "click",
        },
        {
            content: "The customer comes with level and amount",
            trigger:
                ".o_data_row:contains(Late Ltd):contains(250.00):contains(Leaves by itself)",
        },
        {
            content: "Ask why",
            trigger: ".o_data_row button[name=action_explain_followup]",
            run: "click",
        },
        {
            content: "It is not today",
            trigger:
                ".modal .o_followup_explanation [name=headline]:contains(Will not be reminded today)",
        },
        {
            content: "Close the window",
            trigger: ".modal footer button:contains(Close)",
            run: "click",
        },
        {
            content: "Open the customer",
            trigger: "body:not(:has(.modal)) .o_data_row td[name=partner_id]",
            run: "click",
        },
        {
            content: "The customer is open",
            trigger: ".o_field_widget[name=followup_status]",
        },
    ],
});
