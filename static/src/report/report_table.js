import {Component} from "@odoo/owl";
import {deserializeDate, formatDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {formatInteger, formatMonetary} from "@web/views/fields/formatters";
import {FollowupTrustField} from "../fields/followup_trust/followup_trust_field";
import {ReportMenu} from "./report_menu";
import {AgeingBar} from "./report_pictures";
import {getAgeing, getCurrencyId} from "./report_rows";

/** Head, customers, their lines and totals of a report. */
export class ReportTable extends Component {
    static template = "account_payment_followup.ReportTable";
    static components = {AgeingBar, FollowupTrustField, ReportMenu};
    static props = {
        model: Object,
        columns: Array,
        rights: Object,
        hasFollowups: Boolean,
        actions: Object,
        sort: Function,
        openStatement: Function,
        exportPdf: Function,
    };

    setup() {
        this.statuses = {
            in_need_of_action: "text-bg-danger",
            with_overdue_invoices: "text-bg-warning",
            no_action_needed: "text-bg-success",
        };
    }

    get report() {
        return this.props.model.report;
    }

    /** Whether the report can do something, as the server says. */
    can(feature) {
        return this.report.features.includes(feature);
    }

    get width() {
        return this.props.columns.length + 1;
    }

    // -------------------------------------------------------------------------
    // Head
    // -------------------------------------------------------------------------

    get nameColumn() {
        return {name: "name", type: "text", label: this.report.who};
    }

    getSort(column) {
        const {sort, descending} = this.report.options;
        if (sort !== column.name) {
            return "none";
        }
        return descending ? "descending" : "ascending";
    }

    /** Numbers are written from left to right in any language, as in a list. */
    getDirection(column) {
        return column.type === "text" ? "auto" : "ltr";
    }

    isNumber(column) {
        return ["amount", "integer"].includes(column.type);
    }

    // -------------------------------------------------------------------------
    // Cells
    // -------------------------------------------------------------------------

    getText(row, column) {
        const value = row.values[column.name];
        if (value === null || value === undefined || value === false) {
            return "";
        }
        // nothing in a part is nothing to read
        if (!value && (column.bucket || column.section)) {
            return "";
        }
        switch (column.type) {
            case "amount":
                return formatMonetary(value, {
                    currencyId: getCurrencyId(row, column, this.report),
                });
            case "date":
                return this.formatDay(value);
            case "integer":
                return formatInteger(value);
            default:
                return value;
        }
    }

    getCellClass(row, column) {
        const value = row.values[column.name];
        const isLate =
            row.flags.includes("overdue") &&
            !row.flags.includes("excluded") &&
            ["due_date", "days_late"].includes(column.name);
        return {
            "text-end o_followup_number": this.isNumber(column),
            "text-nowrap": column.type !== "text",
            o_followup_report_text: column.type === "text",
            "text-danger fw-bold": isLate,
            "text-muted": column.type === "amount" && !value,
        };
    }

    getRowClass(row) {
        return {
            [`o_followup_row_${row.type}`]: true,
            "fw-bold": ["opening", "closing", "section"].includes(row.type),
            "fst-italic": row.flags.includes("draft"),
            "text-muted": row.flags.includes("excluded"),
        };
    }

    get flagLabels() {
        return {
            draft: _t("Draft"),
            excluded: _t("Excluded"),
            hold: _t("On Hold"),
            expected_payment: _t("Payment Expected"),
        };
    }

    getBadges(row) {
        const labels = this.flagLabels;
        return row.flags
            .filter((flag) => labels[flag])
            .map((flag) => ({
                flag,
                label: labels[flag],
                class: flag === "draft" ? "text-bg-warning" : "text-bg-secondary",
            }));
    }

    // -------------------------------------------------------------------------
    // Customers
    // -------------------------------------------------------------------------

    getStatus(row) {
        const {status} = row.state || {};
        if (!this.can("statuses") || !status) {
            return null;
        }
        const label = this.report.choices.status.find(
            ([value]) => value === status
        )?.[1];
        return {label, class: this.statuses[status]};
    }

    formatDay(day) {
        return formatDate(deserializeDate(day));
    }

    getAgeing(row) {
        const ageing = getAgeing(row, this.report.columns);
        return ageing.some(({value}) => value > 0) ? ageing : null;
    }

    /** Returns what the trust widget takes for a record. */
    getTrustProps(row) {
        return {
            name: "trust",
            readonly: !this.props.rights.canWork,
            showLabel: false,
            autosave: true,
            record: {
                data: {trust: row.state.trust},
                fields: {trust: {selection: this.report.choices.trust}},
                isInEdition: true,
                update: ({trust}) => this.props.actions.setTrust(row.partner_id, trust),
            },
        };
    }

    getFoldLabel(row) {
        return _t("Lines of %s", row.name);
    }

    getLines(row) {
        return this.props.model.unfolded[row.id];
    }

    openName(row) {
        return this.can("letter")
            ? this.props.actions.openCustomer(row.partner_id)
            : this.props.openStatement(row.partner_id);
    }

    // -------------------------------------------------------------------------
    // Lines
    // -------------------------------------------------------------------------

    onRowClick(ev, row) {
        // buttons and menus of the row have their own meaning, so has selected text
        if (
            !ev.target.closest("button, a, .dropdown-toggle") &&
            !window.getSelection().toString()
        ) {
            this.props.model.toggle(row);
        }
    }

    /** Arrows go from customer to customer, as in a list. */
    onKeydown(ev) {
        const step = {ArrowDown: 1, ArrowUp: -1}[ev.key];
        if (!step || !ev.target.matches(".o_followup_fold")) {
            return;
        }
        const folds = [...ev.currentTarget.querySelectorAll(".o_followup_fold")];
        const next = folds[folds.indexOf(ev.target) + step];
        if (next) {
            ev.preventDefault();
            next.focus();
        }
    }
}
