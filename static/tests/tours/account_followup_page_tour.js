import {registry} from "@web/core/registry";

/** What a debtor does who has got a reminder: pay all of it, without a login. */
registry.category("web_tour.tours").add("account_followup_page_pay", {
    steps: () => [
        {
            content: "The page shows what is open",
            trigger: "h1:contains('What is open')",
        },
        {
            content: "Everything is ticked",
            trigger: "button.fp-button:contains('Pay what is ticked')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Enter the card",
            trigger: "#customer_input",
            run: "edit 4242 4242 4242 4242",
        },
        {
            content: "Pay",
            trigger: "button[name='o_payment_submit_button']:not(:disabled)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Core's page of the payment leads back",
            trigger: "div[name='o_payment_status']",
            expectUnloadPage: true,
        },
        {
            content: "The page says so",
            trigger: "h1:contains('Nothing is open. Thank you!')",
        },
    ],
});
