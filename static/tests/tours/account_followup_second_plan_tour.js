import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

import {chooseRecord, openLateCustomer, openMenu} from "./account_followup_tours";

registry.category("web_tour.tours").add("account_followup_second_plan", {
    steps: () => [
        ...openMenu("Configuration", "Follow-up Plans"),
        {
            content: "The plan of everybody is there",
            trigger: ".o_data_row:contains(Standard):contains(all other customers)",
        },
        {
            content: "Create another one",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "Give it a name",
            trigger: ".o_field_widget[name=name] input",
            run: "edit Consumers",
        },
        {
            content: "It is said what a plan without conditions does",
            trigger:
                ".o_form_sheet:contains(Only customers for whom it is chosen by hand)",
        },
        ...chooseRecord("category_ids", "Consumer"),
        {
            content: "Add a level",
            trigger: ".o_field_widget[name=level_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            content: "Give it a name",
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit Soft Reminder",
        },
        {
            content: "Say when",
            trigger: ".modal .o_field_widget[name=delay] input",
            run: "edit 10 && press Tab",
        },
        {
            content: "The days are said in words",
            trigger:
                ".modal .o_field_widget[name=timing]:contains(10 days after the due date)",
        },
        {
            content: "That is all",
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "The plan has a level",
            trigger:
                ".o_field_widget[name=level_ids] .o_data_row:contains(Soft Reminder)",
        },
        ...stepUtils.saveForm(),
        ...openLateCustomer.map((step) =>
            // the level due is that of the other plan now
            step.trigger.includes("Friendly Reminder")
                ? {...step, trigger: step.trigger.replace("Friendly", "Soft")}
                : step
        ),
        {
            content: "The customer has changed over, and one sees why",
            trigger: "[name=followup_plan_info]:contains(by rule: Consumer)",
        },
        {
            content: "His ladder is that of the plan",
            trigger:
                ".o_followup_ladder:contains(Soft Reminder):not(:contains(Friendly))",
        },
    ],
});
