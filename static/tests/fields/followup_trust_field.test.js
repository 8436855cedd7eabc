import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {expect, test} from "@odoo/hoot";
import {click, press, queryAllAttributes, queryAllTexts} from "@odoo/hoot-dom";
import {animationFrame} from "@odoo/hoot-mock";
import {
    contains,
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

class Customer extends models.Model {
    name = fields.Char();
    trust = fields.Selection({
        selection: [
            ["good", "Good Debtor"],
            ["normal", "Normal Debtor"],
            ["bad", "Bad Debtor"],
        ],
    });
    fixed = fields.Selection({
        selection: [
            ["good", "Good Debtor"],
            ["normal", "Normal Debtor"],
            ["bad", "Bad Debtor"],
        ],
        readonly: true,
    });

    _records = [
        {id: 1, name: "Good", trust: "good", fixed: "good"},
        {id: 2, name: "Bad", trust: "bad", fixed: "bad"},
        {id: 3, name: "Unknown", trust: false, fixed: false},
    ];
}

defineMailModels();
defineModels([Customer]);

test("dots of a list have colours and names", async () => {
    await mountView({
        type: "list",
        resModel: "customer",
        arch: `<list><field name="name"/><field name="trust" widget="followup_trust"/></list>`,
    });
    expect("button .o_status").toHaveCount(3);
    expect(".o_data_row:eq(0) .o_status").toHaveClass("o_status_green");
    expect(".o_data_row:eq(1) .o_status").toHaveClass("o_status_red");
    expect(".o_data_row:eq(2) .o_status").not.toHaveClass("o_status_green");
    expect(queryAllAttributes("button.o_followup_trust", "aria-label")).toEqual([
        "Trust: Good Debtor",
        "Trust: Bad Debtor",
        "Trust: Normal Debtor",
    ]);
});

test("a choice in a list is saved at once and opens nothing", async () => {
    onRpc("web_save", ({args}) => {
        expect.step(args);
    });
    await mountView({
        type: "list",
        resModel: "customer",
        arch: `<list><field name="name"/><field name="trust" widget="followup_trust"/></list>`,
        selectRecord: () => expect.step("opened"),
    });
    await contains(".o_data_row:eq(0) button.o_followup_trust").click();
    expect(queryAllTexts(".o-dropdown--menu .dropdown-item")).toEqual([
        "Good Debtor",
        "Normal Debtor",
        "Bad Debtor",
    ]);
    expect(".o-dropdown--menu .dropdown-item:eq(0)").toHaveAttribute(
        "aria-checked",
        "true"
    );
    await contains(".o-dropdown--menu .dropdown-item:eq(2)").click();
    expect(".o_data_row:eq(0) .o_status").toHaveClass("o_status_red");
    expect.verifySteps([[[1], {trust: "bad"}]]);
});

const KEYBOARD_ARCHS = {
    list: `<list><field name="name"/><field name="trust" widget="followup_trust"/></list>`,
    kanban: `
        <kanban><templates><t t-name="card">
            <field name="name"/><field name="trust" widget="followup_trust"/>
        </t></templates></kanban>`,
    form: `<form><field name="trust" widget="followup_trust" options="{'autosave': True}"/></form>`,
};

for (const [type, arch] of Object.entries(KEYBOARD_ARCHS)) {
    test(`the keyboard is enough: ${type}`, async () => {
        onRpc("web_save", ({args}) => {
            expect.step(args);
        });
        await mountView({
            type,
            arch,
            resModel: "customer",
            resId: 1,
            selectRecord: () => expect.step("opened"),
        });
        await contains("button.o_followup_trust:first").focus();
        await press("Enter");
        await animationFrame();
        await animationFrame();
        expect(".o-dropdown--menu .dropdown-item:eq(0)").toBeFocused();
        await press("ArrowDown");
        await animationFrame();
        expect(".o-dropdown--menu .dropdown-item:eq(1)").toBeFocused();
        await press("Enter");
        await animationFrame();
        expect(".o-dropdown--menu").toHaveCount(0);
        expect("button.o_followup_trust:first").toBeFocused();
        expect("button.o_followup_trust:first").toHaveAttribute(
            "aria-label",
            "Trust: Normal Debtor"
        );
        expect.verifySteps([[[1], {trust: "normal"}]]);
    });
}

test("the form shows the text and saves with the form", async () => {
    onRpc("web_save", ({args}) => {
        expect.step(args);
    });
    await mountView({
        type: "form",
        resModel: "customer",
        resId: 2,
        arch: `<form><group><field name="trust" widget="followup_trust"/></group></form>`,
    });
    expect(".o_followup_trust .o_status_label").toHaveText("Bad Debtor");
    await contains("button.o_followup_trust").click();
    await contains(".o-dropdown--menu .dropdown-item:eq(0)").click();
    expect(".o_followup_trust .o_status_label").toHaveText("Good Debtor");
    expect.verifySteps([]);
    await click(".o_form_button_save");
    await animationFrame();
    expect.verifySteps([[[2], {trust: "good"}]]);
});

test("nothing to press where nothing may be changed", async () => {
    await mountView({
        type: "list",
        resModel: "customer",
        arch: `<list><field name="fixed" widget="followup_trust"/></list>`,
    });
    expect("button.o_followup_trust").toHaveCount(0);
    expect("span.o_followup_trust:eq(1)").toHaveAttribute(
        "aria-label",
        "Trust: Bad Debtor"
    );
    expect("span.o_followup_trust:eq(1)").toHaveAttribute("role", "img");
});

test("nothing to press in a list that may not be edited", async () => {
    await mountView({
        type: "list",
        resModel: "customer",
        arch: `<list edit="0"><field name="trust" widget="followup_trust"/></list>`,
    });
    expect("span.o_followup_trust").toHaveCount(3);
    expect("button.o_followup_trust").toHaveCount(0);
});

test("nothing to press in a form that may not be edited", async () => {
    await mountView({
        type: "form",
        resModel: "customer",
        resId: 2,
        arch: `<form edit="0"><field name="trust" widget="followup_trust"/></form>`,
    });
    expect("button.o_followup_trust").toHaveCount(0);
    expect("span.o_followup_trust").toHaveText("Bad Debtor");
});
