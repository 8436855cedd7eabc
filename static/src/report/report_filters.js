import {Component} from "@odoo/owl";
import {CheckboxItem} from "@web/core/dropdown/checkbox_item";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {DateTimeInput} from "@web/core/datetime/datetime_input";
import {deserializeDate, serializeDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {MultiRecordSelector} from "@web/core/record_selectors/multi_record_selector";
import {countFilters, toggle} from "./report_options";

const COMPARISONS = [0, 1, 3, 6, 12];
/** Choices of the menu of customers. */
const WHOSE = ["partner_ids", "category_ids", "salesperson_ids", "responsible_ids"];

/** The choices above a report; it keeps none of them, but says what is to be changed. */
export class ReportFilters extends Component {
    static template = "account_payment_followup.ReportFilters";
    static components = {
        CheckboxItem,
        DateTimeInput,
        Dropdown,
        DropdownItem,
        MultiRecordSelector,
    };
    static props = {
        report: Object,
        options: Object,
        change: Function,
        switchTo: Function,
        reset: Function,
        toggleAll: Function,
        slots: {type: Object, optional: true},
    };

    setup() {
        this.comparisons = COMPARISONS;
        this.partnerDomain = [["parent_id", "=", false]];
        this.userDomain = [["share", "=", false]];
    }

    /** Complete options, with what is by default. */
    get effective() {
        return {...this.props.report.options, ...this.props.options};
    }

    get variant() {
        return this.props.report.options.variant;
    }

    /** Whether the report can do something, as the server says. */
    can(feature) {
        return this.props.report.features.includes(feature);
    }

    get hasPeriod() {
        return this.props.report.choices.period.length > 1;
    }

    // -------------------------------------------------------------------------
    // Period
    // -------------------------------------------------------------------------

    getDate(name) {
        const value = this.props.report.options[name];
        return value ? deserializeDate(value) : false;
    }

    choosePeriod(period) {
        const {date_from, date_to} = this.props.report.options;
        // own dates begin with those that are shown
        const dates = period === "custom" ? {date_from, date_to} : {};
        this.props.change({date_from: false, date_to: false, ...dates, period});
    }

    chooseDate(name, value) {
        const {date_from, date_to} = this.props.report.options;
        const dates = {
            date_from,
            date_to,
            [name]: value ? serializeDate(value) : false,
        };
        this.props.change({...dates, period: "custom"});
    }

    // -------------------------------------------------------------------------
    // Customers
    // -------------------------------------------------------------------------

    get customerLabel() {
        const {partner_ids = []} = this.props.options;
        const count = WHOSE.reduce(
            (sum, name) => sum + (this.props.options[name] || []).length,
            0
        );
        if (partner_ids.length === 1 && count === 1 && this.props.report.rows.length) {
            return this.props.report.rows[0].name;
        }
        return count ? _t("Customers (%s)", count) : _t("All Customers");
    }

    get filterCount() {
        return countFilters(this.props.options);
    }

    /** Returns the groups of the menu Filters. */
    get groups() {
        const {trust, status, level_ids, currency_ids} = this.props.report.choices;
        return [
            {name: "status", label: _t("Status"), choices: status},
            {name: "level_ids", label: _t("Follow-up Level"), choices: level_ids},
            {name: "trust", label: _t("Trust"), choices: trust},
            {
                name: "currency_ids",
                label: _t("Currency"),
                choices: currency_ids.length > 1 ? currency_ids : [],
            },
        ].filter(({choices}) => choices.length);
    }

    isChosen(name, value) {
        return Boolean(this.props.options[name]?.includes(value));
    }

    toggle(name, value) {
        this.props.change({[name]: toggle(this.props.options[name], value)});
    }

    get hasChoices() {
        const {options} = this.props;
        const isChosen = WHOSE.some((name) => options[name]?.length);
        return Boolean(this.filterCount || isChosen || options.search);
    }

    getComparisonLabel(count) {
        if (!count) {
            return _t("No comparison");
        }
        return count === 1 ? _t("Last month end") : _t("Last %s month ends", count);
    }
}
