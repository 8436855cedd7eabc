import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

import {chooseRecord, openMenu} from "./account_followup_tours";

/** The plan of row A7; ``tests/test_plan.py`` says what customers are to receive. */
const PLAN = [
    {
        name: "Coming Up",
        delay: -3,
        template: "Payment Follow-up: Upcoming Due Date",
        said: "3 days before the due date",
    },
    {
        name: "First Reminder",
        delay: 1,
        letter: true,
        template: "Payment Follow-up: Payment Reminder",
        said: "1 day after the due date",
    },
    {
        name: "Phone Call",
        delay: 15,
        email: false,
        call: true,
        said: "15 days after the due date",
    },
    {
        name: "Second Reminder",
        delay: 35,
        letter: true,
        call: true,
        template: "Payment Follow-up: Second Reminder",
        said: "35 days after the due date",
    },
    {
        name: "Formal Notice",
        delay: 60,
        email: false,
        letter: true,
        template: "Payment Follow-up: Final Notice",
        said: "60 days after the due date",
    },
];

function tick(field, run = "check") {
    return {
        content: `${run} ${field}`,
        trigger: `.o_field_widget[name=${field}] input`,
        run,
    };
}

/** Steps that say what somebody has to do: a call. */
function scheduleCall(level) {
    return [
        {
            content: "Go to the activity",
            trigger: ".o_notebook .nav-link:contains(Activity)",
            run: "click",
        },
        tick("schedule_activity"),
        ...chooseRecord("activity_type_id", "Call"),
        {
            content: "Say what is to be done",
            trigger: ".o_field_widget[name=activity_summary] input",
            run: `edit Call: ${level.name}`,
        },
    ];
}

/** Steps that add one level of the plan, from the list and back to it. */
function addLevel(level) {
    return [
        {
            content: `Create ${level.name}`,
            trigger: ".o_list_view .o_list_button_add",
            run: "click",
        },
        {
            content: "Give it a name",
            trigger: ".o_form_view .o_field_widget[name=name] input",
            run: `edit ${level.name}`,
        },
        {
            content: "Say when",
            trigger: ".o_field_widget[name=delay] input",
            run: `edit ${level.delay} && press Tab`,
        },
        {
            content: "The days are said in words",
            trigger: `.o_field_widget[name=timing]:contains(${level.said})`,
        },
        ...(level.email === false ? [tick("send_email", "uncheck")] : []),
        ...(level.letter ? [tick("send_letter")] : []),
        ...(level.template ? chooseRecord("mail_template_id", level.template) : []),
        tick("is_automatic"),
        ...(level.call ? scheduleCall(level) : []),
        ...stepUtils.saveForm(),
        {
            content: "Back to the list",
            trigger: ".o_back_button, .breadcrumb-item:contains(Follow-up Levels) a",
            run: "click",
        },
        {
            content: `${level.name} comes last`,
            trigger: `.o_data_row:last:contains(${level.name})`,
        },
    ];
}

registry.category("web_tour.tours").add("account_followup_build_plan", {
    steps: () => [
        ...openMenu("Configuration", "Follow-up Levels"),
        {
            content: "There is no level yet",
            trigger:
                ".o_view_nocontent_smiling_face:contains(Create a follow-up level)",
        },
        ...PLAN.flatMap(addLevel),
        {
            content: "The whole plan is there",
            trigger: ".o_list_view:has(.o_data_row:eq(4)):not(:has(.o_data_row:eq(5)))",
        },
    ],
});
