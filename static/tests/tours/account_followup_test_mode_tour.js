import {openLateCustomer} from "./account_followup_tours";
import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("account_followup_test_mode", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the settings",
            trigger: ".o_app[data-menu-xmlid='base.menu_administration']",
            run: "click",
        },
        {
            content: "Those of Invoicing",
            trigger: ".settings_tab .tab[data-key='account']",
            run: "click",
        },
        {
            content: "Switch the test mode on",
            trigger:
                "#followup_test_mode .o_field_widget[name=followup_test_mode] input",
            run: "check",
        },
        {
            content: "Enter the address",
            trigger: ".o_field_widget[name=followup_test_email] input",
            run: "edit tester@company.example.com",
        },
        {
            content: "Save",
            trigger: "button.o_form_button_save",
            run: "click",
            expectUnloadPage: true,
        },
        ...openLateCustomer,
        {
            content: "Press Send",
            trigger: "button.btn-primary[name=action_send_followup]",
            run: "click",
        },
        {
            content: "The window says that it is a test",
            trigger: ".modal .alert-warning:contains(tester@company.example.com)",
        },
        {
            content: "Send",
            trigger: ".modal footer button[name=action_send]",
            run: "click",
        },
        {
            content: "It is on its way",
            trigger: "body:not(:has(.modal))",
        },
        {
            content: "The message in the chatter says so, too",
            trigger: ".o-mail-Message:contains(Test mode: this goes to tester@)",
        },
    ],
});
