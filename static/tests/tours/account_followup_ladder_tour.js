import {registry} from "@web/core/registry";
import {openLateCustomer} from "./account_followup_tours";

registry.category("web_tour.tours").add("account_followup_ladder", {
    steps: () => [
        ...openLateCustomer,
        {
            content: "Nothing was sent about the invoice yet",
            trigger: ".o_followup_ladder tr:contains(No level yet):contains(250.00)",
        },
        {
            content: "It is due for the first level",
            trigger:
                ".o_followup_ladder tr.table-warning:contains(Friendly Reminder) button[name=next]:contains(1 due now)",
            run: "click",
        },
        {
            content: "The invoice is listed",
            trigger: ".o_list_view .o_data_row:contains(250.00)",
        },
    ],
});
