import {expect, test} from "@odoo/hoot";
import {
    appendRows,
    countLines,
    getAgeing,
    getBalanceLine,
    getBarParts,
    getCurrencyId,
    getVisibleColumns,
} from "@account_payment_followup/report/report_rows";

const COLUMNS = [
    {name: "due_date", type: "date", sortable: false},
    {name: "ref", type: "text", sortable: false},
    {name: "opening", type: "amount", hidden: true, sortable: true},
    {name: "balance", type: "amount", sortable: true},
    {name: "balance_company", type: "amount", currency: "company", foreign: true},
    {name: "amount_currency", type: "amount", currency: "line", foreign: true},
];

function makeReport(currencyId) {
    const row = {id: "1-1", currency_id: currencyId, values: {}};
    return {columns: COLUMNS, rows: [row], totals: [row], company_currency_id: 1};
}

function getNames(...args) {
    return getVisibleColumns(...args).map((column) => column.name);
}

test("columns about other currencies and texts are there where there are some", () => {
    const line = {type: "line", currency_id: 1, line_currency_id: 1, values: {}};
    expect(getNames(makeReport(1), [line])).toEqual(["due_date", "balance"]);
    expect(getNames(makeReport(2), [])).toEqual([
        "due_date",
        "balance",
        "balance_company",
    ]);
    const foreign = {...line, line_currency_id: 2, values: {ref: "PO 7"}};
    expect(getNames(makeReport(1), [foreign])).toEqual([
        "due_date",
        "ref",
        "balance",
        "amount_currency",
    ]);
});

test("on a narrow screen what only lines have waits for lines", () => {
    expect(getNames(makeReport(1), [], true)).toEqual(["balance"]);
});

test("each amount has its own currency", () => {
    const report = makeReport(2);
    const row = {currency_id: 2, line_currency_id: 3};
    expect(getCurrencyId(row, {}, report)).toBe(2);
    expect(getCurrencyId(row, {currency: "company"}, report)).toBe(1);
    expect(getCurrencyId(row, {currency: "line"}, report)).toBe(3);
    expect(getCurrencyId({currency_id: 2}, {currency: "line"}, report)).toBe(2);
});

test("the heading of a part that goes on is not repeated", () => {
    const heading = (section) => ({type: "section", section});
    const line = (section) => ({type: "line", section});
    const rows = [heading("overdue"), line("overdue")];
    expect(appendRows(rows, [heading("overdue"), line("overdue")])).toEqual([
        ...rows,
        line("overdue"),
    ]);
    expect(appendRows(rows, [heading("credit")])).toEqual([...rows, heading("credit")]);
    expect(appendRows([], rows)).toEqual(rows);
    expect(countLines(rows)).toBe(1);
});

test("parts of a bar: credits have no width, the oldest is hottest", () => {
    const ageing = getAgeing({values: {a: 100, b: -20, c: 300}}, [
        {name: "a", label: "Not due", bucket: true},
        {name: "b", label: "1–30", bucket: true},
        {name: "c", label: "Over 30", bucket: true},
        {name: "total", label: "Total"},
    ]);
    expect(ageing.map(({value}) => value)).toEqual([100, -20, 300]);
    const parts = getBarParts(ageing);
    expect(parts.map(({share}) => share)).toEqual([25, 0, 75]);
    expect(parts.map(({isLate}) => isLate)).toEqual([false, true, true]);
    expect(parts.map(({heat}) => heat).slice(1)).toEqual([0, 100]);
    expect(getBarParts([{label: "Not due", value: 0}])[0].share).toBe(0);
});

test("a balance stays until the next posting, below zero too", () => {
    const points = [
        {date: "2024-01-01", value: 0},
        {date: "2024-01-06", value: 100},
        {date: "2024-01-11", value: -100},
    ];
    const {path, zero, dots} = getBalanceLine(points, 100, 40);
    expect(zero).toBe(20);
    expect(dots.map(({x, y}) => [x, y])).toEqual([
        [0, 20],
        [50, 0],
        [100, 40],
    ]);
    expect(path).toBe("M0,20H50.0V0.0H100.0V40.0H100");
    expect(getBalanceLine([points[1]], 100, 40).path).toBe("M0,0H100");
});
