import {registry} from "@web/core/registry";
import {openMenu} from "./account_followup_tours";

const {DateTime} = luxon;

/** The other system has reminded of INV/TAKE/0001, and of an invoice that is not here. */
function getSheet() {
    const sent = DateTime.now().minus({days: 10}).toISODate();
    return `Invoice,Days,Date\nINV/TAKE/0001,1,${sent}\nINV/NOT/HERE,1,${sent}\n`;
}

registry.category("web_tour.tours").add("account_followup_takeover", {
    steps: () => [
        ...openMenu("Configuration", "Take over from another add-on"),
        {
            content: "A new one",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "Choose the file",
            trigger: ".o_field_widget[name=file]",
            run() {
                const input = this.anchor.querySelector("input[type=file]");
                const chosen = new DataTransfer();
                chosen.items.add(
                    new File([getSheet()], "reminders.csv", {type: "text/csv"})
                );
                input.files = chosen.files;
                input.dispatchEvent(new Event("change", {bubbles: true}));
            },
        },
        {
            content: "It is there: look at what would be done",
            trigger: ".o_field_widget[name=file] input:value(reminders.csv)",
        },
        {
            content: "Show",
            trigger: "button[name=action_look]:contains(Show)",
            run: "click",
        },
        {
            content: "One reminder would be taken over",
            trigger: ".o_field_widget[name=reminder_count]:contains(1)",
        },
        {
            content: "The levels are proposed",
            trigger: ".o_field_widget[name=level_ids] td:contains(Level 1)",
        },
        {
            content: "One line is told",
            trigger: ".nav-link:contains(Doubts)",
            run: "click",
        },
        {
            content: "By its number and with the reason",
            trigger:
                ".o_field_widget[name=doubts] tr:contains(Line 3):contains(INV/NOT/HERE)",
        },
        {
            content: "Do it",
            trigger: "button[name=action_take_over]",
            run: "click",
        },
        {
            content: "It is done: open the reminders",
            trigger: "button[name=action_view_reminders]",
            run: "click",
        },
        {
            content: "The history says where it comes from",
            trigger:
                ".o_data_row:contains(Another System):contains(Taken Over) td:contains(Late Ltd)",
            run: "click",
        },
        {
            content: "And so does the reminder",
            trigger: ".alert:contains(Another system sent this reminder)",
        },
        {
            content: "Back to the history",
            trigger: ".o_back_button:contains(Reminder History)",
            run: "click",
        },
        {
            content: "And to the take-over",
            trigger: ".o_back_button:contains(CSV file)",
            run: "click",
        },
        {
            content: "Undo",
            trigger: "button[name=action_undo]",
            run: "click",
        },
        {
            content: "Yes",
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "It is undone",
            trigger: ".alert:contains(Undone)",
        },
    ],
});
