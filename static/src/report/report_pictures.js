import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {formatMonetary} from "@web/views/fields/formatters";
import {getBalanceLine, getBarParts} from "./report_rows";

const WIDTH = 600;
const HEIGHT = 72;

/** What is open by age, as a bar of parts; the same is said in words. */
export class AgeingBar extends Component {
    static template = "account_payment_followup.AgeingBar";
    static props = {
        ageing: Array,
        currencyId: {type: [Number, Boolean], optional: true},
        name: {type: String, optional: true},
        hasLegend: {type: Boolean, optional: true},
    };

    get parts() {
        return getBarParts(this.props.ageing).map((part) => ({
            ...part,
            text: formatMonetary(part.value, {currencyId: this.props.currencyId}),
        }));
    }

    /** Parts that have an amount. */
    get shownParts() {
        return this.parts.filter((part) => part.value);
    }

    get description() {
        return this.shownParts.map(({label, text}) => `${label}: ${text}`).join("; ");
    }
}

/** A customer's balance over time. */
export class BalanceChart extends Component {
    static template = "account_payment_followup.BalanceChart";
    static props = {chart: Object};

    setup() {
        Object.assign(this, {width: WIDTH, height: HEIGHT});
    }

    get line() {
        return getBalanceLine(this.props.chart.points, WIDTH, HEIGHT);
    }

    get points() {
        return this.props.chart.points;
    }

    format(value) {
        return formatMonetary(value, {currencyId: this.props.chart.currency_id});
    }

    get highest() {
        return this.format(Math.max(...this.points.map((point) => point.value)));
    }

    get description() {
        const [first, last] = [this.points[0], this.points.at(-1)];
        return _t(
            "Balance over time: %(before)s on %(first)s, %(after)s on %(last)s, at most %(highest)s",
            {
                before: this.format(first.value),
                first: first.label,
                after: this.format(last.value),
                last: last.label,
                highest: this.highest,
            }
        );
    }
}
