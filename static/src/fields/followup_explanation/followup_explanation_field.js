import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** Why a customer is reminded, or is not: the answer, the reasons, who gets it. */
export class FollowupExplanationField extends Component {
    static template = "account_payment_followup.FollowupExplanationField";
    static props = {...standardFieldProps};

    setup() {
        this.action = useService("action");
    }

    get explanation() {
        return this.props.record.data[this.props.name] || {};
    }

    /** What keeps the reminder back, and what only should be known. */
    get parts() {
        const reasons = this.explanation.reasons || [];
        return {
            blocking: reasons.filter((reason) => reason.blocks),
            warnings: reasons.filter((reason) => !reason.blocks),
        };
    }

    open(action) {
        this.action.doAction(action);
    }
}

registry.category("fields").add("followup_explanation", {
    component: FollowupExplanationField,
    displayName: _t("Why?"),
    supportedTypes: ["json"],
});
