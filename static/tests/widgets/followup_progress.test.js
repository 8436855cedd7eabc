import {
    INTERVAL,
    TRIES,
} from "@account_payment_followup/widgets/followup_progress/followup_progress";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {expect, test} from "@odoo/hoot";
import {advanceTime, animationFrame} from "@odoo/hoot-mock";
import {
    MockServer,
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

class Run extends models.Model {
    state = fields.Selection({
        selection: [
            ["running", "Running"],
            ["done", "Done"],
        ],
    });
    done_count = fields.Integer();
    queued_count = fields.Integer();

    _records = [
        {id: 1, state: "running", done_count: 0},
        {id: 2, state: "done", done_count: 12},
        {id: 3, state: "done", done_count: 4, queued_count: 4},
    ];
}

defineMailModels();
defineModels([Run]);

async function openRun(resId) {
    onRpc("web_read", () => expect.step("read"));
    await mountView({
        type: "form",
        resModel: "run",
        resId,
        arch: `<form><widget name="followup_progress"/><field name="done_count" readonly="1"/><field name="queued_count" readonly="1"/></form>`,
    });
    expect.verifySteps(["read"]);
}

async function wait() {
    await advanceTime(INTERVAL);
    await animationFrame();
}

test("a run is shown as it goes on, until it has ended", async () => {
    await openRun(1);
    expect("[name=done_count]").toHaveText("0");
    MockServer.env.run.write([1], {done_count: 5});
    await wait();
    expect.verifySteps(["read"]);
    expect("[name=done_count]").toHaveText("5");
    MockServer.env.run.write([1], {state: "done", done_count: 12});
    await wait();
    expect.verifySteps(["read"]);
    expect("[name=done_count]").toHaveText("12");
    await wait();
    expect.verifySteps([]);
});

test("a run that has ended is read once", async () => {
    await openRun(2);
    await wait();
    expect.verifySteps([]);
});

test("messages that are still queued are followed, but not for ever", async () => {
    await openRun(3);
    await wait();
    expect.verifySteps(["read"]);
    for (let time = 1; time < TRIES; time++) {
        await wait();
    }
    expect.verifySteps(Array(TRIES - 1).fill("read"));
    await wait();
    expect.verifySteps([]);
});
