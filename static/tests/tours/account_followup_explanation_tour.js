import {registry} from "@web/core/registry";
import {openLateCustomer} from "./account_followup_tours";

registry.category("web_tour.tours").add("account_followup_explanation", {
    steps: () => [
        ...openLateCustomer,
        {
            content: "Ask why the customer is not reminded",
            trigger: "button[name=action_explain_followup]:contains(Why?)",
            run: "click",
        },
        {
            content: "The answer comes first",
            trigger:
                ".modal .o_followup_explanation [name=headline]:contains(Reminders to this customer are manual.)",
        },
        {
            content: "Then since when, and by whom",
            trigger: ".modal .o_followup_explanation [name=reasons]:contains(since)",
        },
        {
            content: "Each open item says what comes of it",
            trigger:
                ".modal .o_data_row:contains(250.00):contains(Due for the level “Friendly Reminder”.)",
        },
        {
            content: "A link leads to the contact who would get it",
            trigger: ".modal [name=recipients] button:contains(Late Ltd)",
            run: "click",
        },
        {
            content: "The contact is open, the window closed",
            trigger: "body:not(:has(.modal)) .o_form_view:contains(Late Ltd)",
        },
    ],
});
