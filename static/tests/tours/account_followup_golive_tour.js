import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("account_followup_golive", {
    steps: () => [
        {
            content: "Switch automatic reminders on",
            trigger: ".o_setting_box:has([name=followup_automatic]) input",
            run: "click",
        },
        {
            content: "It says what comes",
            trigger: "[name=followup_automatic_info]:contains(When you save)",
        },
        {
            content: "Save",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "The first level for everybody",
            trigger:
                ".modal .o_data_row.fw-bold:contains(At the first level):contains(3)",
        },
        {
            content: "Or the level that fits, which waits for a person",
            trigger:
                ".modal .o_data_row.text-muted:contains(Level 30):contains(waits for a person)",
        },
        {
            content: "Choose it",
            trigger: ".modal .o_radio_item:contains(At the level of its age) input",
            run: "click",
        },
        {
            content: "It stands out",
            trigger:
                ".modal .o_data_row:not(.text-muted):contains(At the level of its age)",
        },
        {
            content: "Switch on",
            trigger: ".modal button[name=action_start]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is live",
            trigger: "[name=followup_start_info]:contains(Live since)",
        },
        {
            content: "And ticked",
            trigger: ".o_setting_box:has([name=followup_automatic]) input:checked",
        },
    ],
});
