import {registry} from "@web/core/registry";

/** Steps on core's pages of a payment, and back. */
const payByCard = [
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
];

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
        ...payByCard,
        {
            content: "The page says so",
            trigger: "h1:contains('Nothing is open. Thank you!')",
        },
    ],
});

/** The links that are paid, one after the other: the browser keeps them. */
function getLinks() {
    const given = new URLSearchParams(window.location.search).get("links");
    if (given) {
        sessionStorage.setItem("account_followup_links", given);
    }
    return (sessionStorage.getItem("account_followup_links") || "").split(",");
}

/** Each one who has got a reminder pays what it asks for: what is ticked at first. */
registry.category("web_tour.tours").add("account_followup_page_pay_each", {
    steps: () =>
        getLinks().flatMap((link, index, links) => [
            {
                content: "The page shows what is open",
                trigger: `form[action^='/followup/${link}/'] button:contains('Pay what is ticked')`,
                run: "click",
                expectUnloadPage: true,
            },
            ...payByCard,
            {
                content: "The page says thank you; then comes the next one",
                trigger: "div[role='status']:contains('Thank you')",
                run() {
                    if (index + 1 < links.length) {
                        window.location.href = `/followup/${links[index + 1]}`;
                    }
                },
                expectUnloadPage: index + 1 < links.length,
            },
        ]),
});
