import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {expect, test} from "@odoo/hoot";
import {queryAllAttributes} from "@odoo/hoot-dom";
import {mountWithCleanup} from "@web/../tests/web_test_helpers";
import {
    AgeingBar,
    BalanceChart,
} from "@account_payment_followup/report/report_pictures";

defineMailModels();

test("the bar says in words what it shows", async () => {
    await mountWithCleanup(AgeingBar, {
        props: {
            ageing: [
                {label: "Not due", value: 30},
                {label: "1–30 days", value: 0},
                {label: "Over 30 days", value: -10},
            ],
            hasLegend: true,
        },
    });
    expect(queryAllAttributes(".o_followup_ageing_bar", "aria-label")).toEqual([
        "Not due: 30.00; Over 30 days: -10.00",
    ]);
    expect(".o_followup_ageing_bar .o_followup_ageing_part").toHaveCount(1);
    expect("li").toHaveCount(2);
});

test("the balance over time is said in words", async () => {
    const points = [
        {date: "2024-01-01", label: "1 January", value: 0},
        {date: "2024-02-01", label: "1 February", value: 500},
        {date: "2024-03-01", label: "1 March", value: 200},
    ];
    await mountWithCleanup(BalanceChart, {
        props: {chart: {currency_id: false, points}},
    });
    expect(queryAllAttributes("figure", "aria-label")).toEqual([
        "Balance over time: 0.00 on 1 January, 200.00 on 1 March, at most 500.00",
    ]);
    expect("svg path").toHaveCount(2);
});
