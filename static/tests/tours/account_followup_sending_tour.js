import {registry} from "@web/core/registry";

import {chooseRecord, openMenu} from "./account_followup_tours";

const tours = registry.category("web_tour.tours");

function enter(field, text) {
    return {
        content: `Enter ${field}`,
        trigger: `.o_field_widget[name=${field}] input`,
        run: `edit ${text}`,
    };
}

const save = [
    {
        content: "Save the settings",
        trigger: ".o_form_button_save",
        run: "click",
        expectUnloadPage: true,
    },
    {
        content: "They are saved",
        trigger: ".o_form_view:not(:has(.o_dirty_warning)) #followup_bank",
    },
];

/** Steps that show in the work-list why automatic reminders wait, and open a customer. */
function readWhy(text) {
    return [
        ...openMenu("Customers", "Follow-up Reports"),
        {
            content: "Choose the columns",
            trigger: ".o_optional_columns_dropdown button",
            run: "click",
        },
        {
            content: "Show why reminders wait",
            trigger: ".o-dropdown--menu .dropdown-item:contains(Why It Waits) input",
            run: "click",
        },
        {
            content: "The row says it",
            trigger: `.o_data_row td[name=waiting_text]:contains(${text})`,
        },
        {
            content: "Open the customer",
            trigger: ".o_data_row td[name=partner_id]:contains(Late Ltd)",
            run: "click",
        },
        {
            content: "The customer says it, too",
            trigger: `.o_field_widget[name=followup_waiting_text]:contains(${text})`,
        },
    ];
}

tours.add("account_followup_bank", {
    steps: () => [
        enter("followup_bank_max_age", "3"),
        ...save,
        ...readWhy("older than 3 working days"),
        {
            content: "Send all the same",
            trigger: "button.btn-primary[name=action_send_followup]",
            run: "click",
        },
        {
            content: "The window warns",
            trigger:
                ".modal .alert:contains(older than 3 working days):contains(by hand)",
        },
        {
            content: "Send",
            trigger: ".modal footer button[name=action_send]",
            run: "click",
        },
        {
            content: "It is sent",
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=followup_status]:not(:contains(Requires))",
        },
    ],
});

tours.add("account_followup_calendar", {
    steps: () => [
        ...chooseRecord("followup_calendar_id", "House Calendar"),
        enter("followup_send_from", "8:30"),
        enter("followup_send_to", "18"),
        enter("followup_hour_cap", "100"),
        ...save,
        {
            content: "A country has days of its own",
            trigger: "button:contains(Working Days by Country)",
            run: "click",
        },
        {
            content: "The list is open",
            trigger: ".o_breadcrumb:contains(Working Days by Country)",
        },
        {
            content: "Add a country",
            trigger: ".o_list_button_add",
            run: "click",
        },
        ...chooseRecord("country_id", "France"),
        ...chooseRecord("calendar_id", "House Calendar"),
        {
            content: "Save the line",
            trigger: ".o_list_button_save",
            run: "click",
        },
        {
            content: "It is saved",
            trigger: ".o_data_row:not(.o_selected_row):contains(France)",
        },
        ...readWhy("is no working day"),
    ],
});
