import {registry} from "@web/core/registry";
import {openLateCustomer} from "./account_followup_tours";

const BODY = ".o_field_widget[name=body_html] .odoo-editor-editable";

/** Who writes a text clicks on what it shall name, and sees what becomes of it (Y4, Y5). */
registry.category("web_tour.tours").add("account_followup_placeholders", {
    steps: () => [
        {
            content: "Nothing was clicked into",
            trigger:
                ".o_field_widget[name=followup_placeholders] button[title='[[link]]']",
            run() {
                document.activeElement.blur();
                this.anchor.dispatchEvent(new MouseEvent("mousedown", {bubbles: true}));
            },
        },
        {
            content: "It says what to do",
            trigger:
                ".o_notification:contains(Click into the subject or the text first)",
        },
        {
            content: "Write a subject",
            trigger: ".o_field_widget[name=subject] input",
            run: "edit Owed=",
        },
        {
            content: "Click into its end",
            trigger: ".o_field_widget[name=subject] input",
            run() {
                this.anchor.focus();
                this.anchor.setSelectionRange(99, 99);
            },
        },
        {
            content: "It names the amount",
            trigger:
                ".o_field_widget[name=followup_placeholders] button:contains(/^Amount claimed, per currency$/)",
            run: "click",
        },
        {
            content: "The word stands in the subject",
            trigger: ".o_field_widget[name=subject] input:value([[amount]])",
        },
        {
            content: "Click into the text",
            trigger: `${BODY} p:contains(Payable=)`,
            run() {
                const range = document.createRange();
                range.selectNodeContents(this.anchor);
                range.collapse(false);
                this.anchor.closest("[contenteditable=true]").focus();
                document.getSelection().removeAllRanges();
                document.getSelection().addRange(range);
            },
        },
        {
            content: "It names the day",
            trigger:
                ".o_field_widget[name=followup_placeholders] button:contains(/^“by” and the last day/)",
            run: "click",
        },
        {
            content: "The word stands in the text",
            trigger: `${BODY} p:contains([[by_deadline]])`,
        },
        {
            content: "Save",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "It is saved: go to the work-list",
            trigger: "body:not(:has(.o_form_button_save:visible))",
            run() {
                window.location.href = "/odoo";
            },
            expectUnloadPage: true,
        },
        ...openLateCustomer,
        {
            content: "Press Send",
            trigger: "button.btn-primary[name=action_send_followup]",
            run: "click",
        },
        {
            content: "The preview says amount and day",
            trigger:
                ".modal .o_followup_preview:contains(Owed=$):contains(250.00):contains(Payable=by)",
        },
        {
            content: "Nothing is left to fill in",
            trigger: ".modal .o_followup_preview:not(:contains([[))",
        },
        {
            content: "Send it to oneself",
            trigger: ".modal button[name=action_send_test]",
            run: "click",
        },
        {
            content: "It has left",
            trigger: ".o_notification:contains(A test was sent to person@)",
        },
    ],
});
