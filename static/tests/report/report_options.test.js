import {beforeEach, expect, test} from "@odoo/hoot";
import {browser} from "@web/core/browser/browser";
import {
    compact,
    countFilters,
    openOptions,
    optionsToState,
    remember,
    sortBy,
    stateToOptions,
    switchVariant,
    toggle,
} from "@account_payment_followup/report/report_options";

beforeEach(() => browser.localStorage.clear());

test("an address says everything that was chosen, and nothing else", () => {
    const options = {
        variant: "aged_receivable",
        period: "custom",
        date_to: "2024-01-31",
        partner_ids: [5, 7],
        trust: ["bad"],
        draft: true,
        compare: 3,
        search: "",
        descending: false,
    };
    const state = optionsToState(options);
    expect(state.report).toBe("aged_receivable");
    expect(state.partner_ids).toBe("5,7");
    expect(state.draft).toBe(1);
    expect(state.search).toBe(undefined);
    expect(stateToOptions(state)).toEqual(compact(options));
});

test("an address is read as the router gives it: one id is a number", () => {
    expect(
        stateToOptions({report: "partner_ledger", partner_ids: 5, search: 77})
    ).toEqual({
        variant: "partner_ledger",
        partner_ids: [5],
        search: "77",
    });
});

test("a text that looks like a number stays a text, as a router reads it", () => {
    const read = (text) => (isNaN(text) ? text : Number(text));
    for (const search of ["00017", "17", "1e5", "INV/2024/00017", `"17"`, `say "so"`]) {
        const {report, search: written} = optionsToState({variant: "x", search});
        expect(stateToOptions({report, search: read(written)})).toEqual({
            variant: "x",
            search,
        });
    }
});

test("what makes no sense in an address is left out or passed on to the server", () => {
    const options = stateToOptions({
        report: "aged_receivable",
        partner_ids: "5,x,7.5",
        compare: "many",
        period: "whenever",
        action: 4,
    });
    expect(options).toEqual({
        variant: "aged_receivable",
        partner_ids: [5],
        period: "whenever",
    });
    expect(stateToOptions({action: 4})).toBe(null);
});

test("the last choice of a variant is remembered, not whom it was about", () => {
    remember({
        variant: "aged_receivable",
        age_by: "invoice_date",
        trust: ["bad"],
        partner_ids: [5],
        search: "late",
        offset: 80,
    });
    expect(openOptions({variant: "aged_receivable"})).toEqual({
        variant: "aged_receivable",
        age_by: "invoice_date",
        trust: ["bad"],
    });
    expect(openOptions({variant: "partner_ledger"})).toEqual({
        variant: "partner_ledger",
    });
});

test("customers who are asked for are shown whatever was filtered before", () => {
    remember({variant: "customer_statement", trust: ["bad"], period: "all"});
    expect(openOptions({variant: "customer_statement", partner_ids: [5]})).toEqual({
        variant: "customer_statement",
        period: "all",
        partner_ids: [5],
    });
});

test("a broken memory does no harm", () => {
    const storage = browser.localStorage;
    remember({variant: "partner_ledger", draft: true});
    const name = Array.from({length: storage.length}, (_, index) =>
        storage.key(index)
    ).find((key) => key.startsWith("account_followup_report/"));
    expect(openOptions({variant: "partner_ledger"}).draft).toBe(true);
    storage.setItem(name, "{broken");
    expect(openOptions({variant: "partner_ledger"})).toEqual({
        variant: "partner_ledger",
    });
    storage.setItem(name, `{"partner_ledger": 4}`);
    expect(openOptions({variant: "partner_ledger"})).toEqual({
        variant: "partner_ledger",
    });
});

test("another variant shows the same customers in its own way", () => {
    remember({variant: "aged_receivable", compare: 3, trust: ["good"]});
    const options = {
        variant: "partner_ledger",
        trust: ["bad"],
        sort: "debit",
        offset: 80,
    };
    expect(switchVariant(options, "aged_receivable")).toEqual({
        variant: "aged_receivable",
        compare: 3,
        trust: ["bad"],
    });
});

test("sorting: the largest first, then the smallest; names from A", () => {
    const first = sortBy({variant: "x", offset: 80}, "total", true);
    expect(first).toEqual({variant: "x", sort: "total", descending: true});
    expect(sortBy(first, "total", true)).toEqual({variant: "x", sort: "total"});
    expect(sortBy(first, "name", false)).toEqual({variant: "x"});
    expect(sortBy({variant: "x"}, "name", false)).toEqual({
        variant: "x",
        descending: true,
    });
});

test("filters are counted and toggled", () => {
    expect(countFilters({trust: ["bad"], level_ids: [1, 2], draft: true})).toBe(3);
    expect(toggle(undefined, 1)).toEqual([1]);
    expect(toggle([1, 2], 1)).toEqual([2]);
});
