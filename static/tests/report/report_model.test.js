import {expect, test} from "@odoo/hoot";
import {ReportModel} from "@account_payment_followup/report/report_model";
import {countLines} from "@account_payment_followup/report/report_rows";

/** Returns a model over a server with some customers, a line on each page. */
function makeModel({rows = 3, pages = 1} = {}) {
    const server = {
        error: null,
        async call(_model, method, [, rowId, offset]) {
            if (server.error) {
                throw server.error;
            }
            if (method === "get_report") {
                expect.step("report");
                const found = Array.from({length: rows}, (_, id) => ({id: `${id}-1`}));
                const options = {variant: "x"};
                return {options, rows: found, count: rows, totals: [], columns: []};
            }
            expect.step(`lines ${rowId} from ${offset}`);
            return {
                rows: [{id: `l${offset}`, type: "line"}],
                remaining: Math.max(pages - 1 - offset, 0),
            };
        },
    };
    return {server, model: new ReportModel(server, {variant: "x"})};
}

test("lines are read when a customer is unfolded, further ones when asked for", async () => {
    const {model} = makeModel({pages: 2});
    await model.load();
    expect.verifySteps(["report"]);
    const row = model.report.rows[1];
    await model.toggle(row);
    expect.verifySteps(["lines 1-1 from 0"]);
    expect(model.unfolded["1-1"].remaining).toBe(1);
    await model.loadMore(row);
    expect.verifySteps(["lines 1-1 from 1"]);
    expect(countLines(model.lines)).toBe(2);
    await model.toggle(row);
    expect(model.lines).toEqual([]);
});

test("what is unfolded stays so when the report is read again, as far as it was", async () => {
    const {model} = makeModel({pages: 3});
    const steps = ["report", "lines 0-1 from 0", "lines 0-1 from 1"];
    await model.load();
    await model.toggle(model.report.rows[0]);
    await model.loadMore(model.report.rows[0]);
    expect.verifySteps(steps);
    await model.load();
    expect.verifySteps(steps);
    const other = makeModel({pages: 3}).model;
    await other.restore(model.exportState());
    expect.verifySteps(steps);
    expect(Object.keys(other.unfolded)).toEqual(["0-1"]);
    expect(countLines(other.lines)).toBe(2);
});

test("what was folded by hand stays folded when one comes back", async () => {
    const {model} = makeModel({rows: 1});
    await model.load({variant: "x"});
    expect.verifySteps(["report", "lines 0-1 from 0"]);
    await model.toggle(model.report.rows[0]);
    const other = makeModel({rows: 1}).model;
    await other.restore(model.exportState());
    expect.verifySteps(["report"]);
    expect(other.unfolded).toEqual({});
});

test("other options fold everything, customers who are asked for are unfolded", async () => {
    const {model} = makeModel();
    await model.load();
    await model.toggle(model.report.rows[0]);
    await model.load({variant: "x", search: "a"});
    expect.verifySteps(["report", "lines 0-1 from 0", "report"]);
    expect(model.unfolded).toEqual({});
    await model.load({variant: "x", partner_ids: [5]});
    expect.verifySteps([
        "report",
        ...["0", "1", "2"].map((id) => `lines ${id}-1 from 0`),
    ]);
    expect(Object.keys(model.unfolded)).toHaveLength(3);
});

test("unfolding all reads only what is not there yet", async () => {
    const {model} = makeModel();
    await model.load();
    await model.toggle(model.report.rows[1]);
    await model.unfoldAll();
    expect.verifySteps([
        "report",
        "lines 1-1 from 0",
        "lines 0-1 from 0",
        "lines 2-1 from 0",
    ]);
    model.foldAll();
    expect(model.lines).toEqual([]);
});

test("an answer that comes after other options were chosen is not shown", async () => {
    const {model} = makeModel();
    await model.load();
    const reading = model.toggle(model.report.rows[0]);
    const loading = model.load({variant: "x", search: "a"});
    await Promise.all([reading, loading]);
    expect.verifySteps(["report", "lines 0-1 from 0", "report"]);
    expect(model.unfolded).toEqual({});
});

test("an error is kept until the next report", async () => {
    const {model, server} = makeModel();
    server.error = new Error("No");
    await model.load();
    expect(model.error.message).toBe("No");
    expect(model.isLoading).toBe(false);
    server.error = null;
    await model.load();
    expect(model.error).toBe(null);
    expect.verifySteps(["report"]);
});

test("a file shows what the screen shows: folded customers are folded", async () => {
    const {model} = makeModel();
    await model.load();
    expect(model.hasLines).toBe(false);
    expect(model.printed).toEqual({variant: "x", unfold: false, unfolded: []});
    await model.toggle(model.report.rows[1]);
    expect(model.hasLines).toBe(true);
    expect(model.printed.unfolded).toEqual(["1-1"]);
    await model.load({variant: "x", unfold: true});
    expect(model.printed).toEqual({variant: "x", unfold: true});
    expect.verifySteps([
        "report",
        "lines 1-1 from 0",
        "report",
        "lines 0-1 from 0",
        "lines 1-1 from 0",
        "lines 2-1 from 0",
    ]);
});

test("whoever asks for no report gets the first one of the server", async () => {
    const {server} = makeModel();
    const model = new ReportModel(server, {});
    await model.load({});
    expect(model.options.variant).toBe("x");
    expect.verifySteps(["report"]);
});
