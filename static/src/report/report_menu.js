import {Component} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {_t} from "@web/core/l10n/translation";

const RESTING = ["excluded", "hold", "expected_payment"];

/** What can be done with a customer or a line; only what the user may do is offered. */
export class ReportMenu extends Component {
    static template = "account_payment_followup.ReportMenu";
    static components = {Dropdown, DropdownItem};
    static props = {
        row: Object,
        rights: Object,
        hasFollowups: Boolean,
        actions: Object,
        isStatement: {type: Boolean, optional: true},
        openStatement: {type: Function, optional: true},
        exportPdf: {type: Function, optional: true},
    };

    get label() {
        return _t("Actions for %s", this.props.row.name);
    }

    get canHold() {
        const {rights, hasFollowups, row} = this.props;
        return rights.canWork && hasFollowups && row.is_open;
    }

    get canResume() {
        return (
            this.canHold && this.props.row.flags.some((flag) => RESTING.includes(flag))
        );
    }
}
